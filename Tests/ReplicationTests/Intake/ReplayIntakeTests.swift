import AMQP
import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Replays at the intake") struct ReplayIntakeTests {
    private let reader = IntakeReader(
        seat: Seat(homerton), queue: "wherry.changes.homerton", sources: [barts], planned: [kingston], changesMax: 5)

    private func delivery(_ number: UInt64, exchange: String, mark: String?, lines: Int = 1) -> Delivery {
        var message = BrokerLetter.message()
        if let mark { message.headers[HeaderName.replay] = .string(mark) }
        if lines > 1 { message.body = Array(repeatElement(message.body, count: lines).joined()) }
        return Delivery(
            message: message, tag: DeliveryTag(number: number), isRedelivered: false, exchange: exchange,
            routingKey: exchange == "wherry.replays" ? "homerton" : "change.barts")
    }

    private func words(_ deliveries: Delivery...) -> [String] {
        reader.steps(for: deliveries).map { step in
            switch step {
            case .park(let letters): "park \(letters.map(\.rejection.cause.rawValue))"
            case .apply(let batches): "apply \(batches.count)"
            case .redeem(let deliveries): "redeem \(deliveries.map(\.tag.number))"
            case .discard(let count): "discard \(count)"
            case .acknowledge(let tag): "acknowledge \(tag.number)"
            }
        }
    }

    @Test("an own letter that comes back is redeemed, whichever way it comes, before it is acknowledged") func own() {
        #expect(
            words(
                delivery(1, exchange: "wherry.changes", mark: nil),
                delivery(2, exchange: "wherry.replays", mark: "homerton/1/2"),
                delivery(3, exchange: "wherry.changes", mark: "homerton/1/3")
            ) == ["apply 1", "redeem [2, 3]", "acknowledge 3"])
    }

    @Test("another HIE's letter that is replayed to everybody is an ordinary message") func foreign() {
        #expect(words(delivery(1, exchange: "wherry.changes", mark: "barts/1/2")) == ["apply 1", "acknowledge 1"])
        #expect(words(delivery(1, exchange: "wherry.changes", mark: "nonsense")) == ["apply 1", "acknowledge 1"])
    }

    @Test(
        "what comes as a replay and is none of this HIE's is never applied and never parked",
        arguments: [nil, "barts/1/2", "homerton/x/2", "homerton/1", "", "homerton/1/2/3", "HOMERTON/1/2"])
    func strange(mark: String?) {
        #expect(words(delivery(1, exchange: "wherry.replays", mark: mark)) == ["discard 1", "acknowledge 1"])
    }

    @Test("replays count to the size of a transaction by their lines") func sizes() {
        #expect(
            words(
                delivery(1, exchange: "wherry.replays", mark: "homerton/1/1", lines: 3),
                delivery(2, exchange: "wherry.replays", mark: "homerton/1/2", lines: 3),
                delivery(3, exchange: "wherry.replays", mark: nil)
            ) == ["redeem [1]", "acknowledge 1", "redeem [2]", "discard 1", "acknowledge 3"])
    }
}
