import AMQP
import CareRecord
import Foundation
import Logging
import Replication

/// Messages that no worker can apply, published as if by a source: each ends parked at every subscriber.
///
/// They name no range of the journal, so that nothing counts as applied because of them.
struct BadMessages: Sendable {
    private static let stepMilliseconds = 10
    private static let batchMax = 256

    let perSecond: Double
    let seconds: Double
    let endpoints: [HIEIdentifier: Endpoint]
    let onConfirmed: @Sendable (Int) -> Void

    /// How many the schedule wants.
    var count: Int { Int((perSecond * seconds).rounded()) }

    /// Publishes on schedule until its end; what a broker did not take until then is not sent.
    func run() async throws {
        let brokers = Dictionary(grouping: endpoints.keys.sorted(), by: { endpoints[$0] })
        let share = perSecond / Double(max(1, endpoints.count))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (endpoint, sources) in brokers {
                guard let endpoint else { continue }
                group.addTask { try await publish(to: endpoint, of: sources, share * Double(sources.count)) }
            }
            try await group.waitForAll()
        }
    }

    private func publish(to endpoint: Endpoint, of sources: [HIEIdentifier], _ perSecond: Double) async throws {
        var loop = OpenLoop(perSecond: perSecond, start: HTTPLane.now, seconds: seconds)
        let end = loop.start + UInt64(seconds * 1e9)
        var waiting = Queue<Outgoing>()
        var session: Session?
        var backOff = BackOff(first: .milliseconds(100), max: .seconds(2))
        defer { session?.interrupt() }
        while HTTPLane.now < end, loop.nextAt != nil || !waiting.isEmpty {
            for number in loop.due(at: HTTPLane.now) {
                waiting.append(Self.message(number, from: sources[number % sources.count]))
            }
            guard !waiting.isEmpty else {
                try await Task.sleep(for: .milliseconds(Self.stepMilliseconds))
                continue
            }
            do throws(AMQPError) {
                let open: Session
                if let session {
                    open = session
                } else {
                    open = try await Session.open(
                        endpoint, settings: SessionSettings(name: "wherry load bad messages"),
                        logger: Logger(label: "wherry.load", factory: { _ in SwiftLogNoOpLogHandler() }))
                    session = open
                }
                try await Self.publish(&waiting, over: open, onConfirmed)
                backOff.reset()
            } catch {
                session?.interrupt()
                session = nil
                try await Task.sleep(for: backOff.next())
            }
        }
    }

    /// Publishes some, and returns when the broker has settled them.
    private static func publish(
        _ waiting: inout Queue<Outgoing>, over session: Session, _ onConfirmed: (Int) -> Void
    ) async throws(AMQPError) {
        var batch: [Outgoing] = []
        while batch.count < batchMax, let message = waiting.removeFirst() { batch.append(message) }
        do throws(AMQPError) {
            var open = try await session.publish(batch).count
            while open > 0 {
                let settled = try await session.nextSettlements()
                open -= settled.count
                onConfirmed(settled.count { $0.outcome == .confirmed })
            }
        } catch {
            // Those that were published all the same come twice, which is one letter more.
            let later = waiting.removeAll()
            for message in batch + later { waiting.append(message) }
            throw error
        }
    }

    private static func message(_ number: Int, from source: HIEIdentifier) -> Outgoing {
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let header = MessageHeader(
            .changes, source: source, epoch: nil, id: "load-test-\(number)", sentAt: now)
        let message = header.message(
            contentType: ChangeBatch.contentType, body: Array("load test \(number): this is no change\n".utf8))
        return Outgoing(
            message: message, exchange: BrokerNames.changesExchange, routingKey: BrokerNames.changeKey(source),
            isMandatory: true)
    }
}
