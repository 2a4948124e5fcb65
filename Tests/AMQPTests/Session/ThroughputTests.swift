import AMQP
import Foundation
import TestSupport
import Testing

extension BrokerTests {
    /// A benchmark, run by hand: `WHERRY_BENCHMARK=1 swift test --filter Throughput`.
    @Test(
        "throughput of confirmed messages and of deliveries",
        .enabled(if: ProcessInfo.processInfo.environment["WHERRY_BENCHMARK"] != nil))
    func throughput() async throws {
        let total = 100_000
        try await withSession(name: "publisher", configure: { $0.publishWindowMax = 1_000 }) { session, host in
            try await session.declareQueue("q", arguments: ["x-queue-type": "quorum"])
            let message = Message(
                body: Array(repeating: UInt8(ascii: "x"), count: 600), messageID: "0123456789abcdef", appID: "barts")
            let batch = Array(
                repeating: Outgoing(message: message, exchange: "", routingKey: "q", isMandatory: true), count: 250)
            let start = ContinuousClock.now
            async let settled = settle(total, on: session)
            for _ in 0..<total / batch.count { _ = try await session.publish(batch) }
            #expect(try await settled.count == total)
            let published = ContinuousClock.now - start
            try await withSession(on: host.endpoint, name: "consumer") { other in
                let consumer = try await other.consume("q", prefetchMax: 1_000)
                let start = ContinuousClock.now
                var count = 0
                while count < total {
                    let deliveries = try await consumer.next(max: 500)
                    count += deliveries.count
                    if let last = deliveries.last { try await other.acknowledge(last.tag, isMultiple: true) }
                }
                let consumed = ContinuousClock.now - start
                print(
                    "confirmed/s: \(Int(Double(total) / (published / .seconds(1)))),",
                    "delivered/s: \(Int(Double(total) / (consumed / .seconds(1))))")
            }
        }
    }
}
