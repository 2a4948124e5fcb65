import AMQP
import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Drain reader") struct DrainReaderTests {
    private func read(
        _ place: DrainReader.Place, _ delivery: Delivery, subscribers: [HIEIdentifier] = [barts, homerton]
    ) -> String {
        let queue =
            switch place {
            case .dead: BrokerLetter.deadQueue
            case .unrouted: BrokerNames.unroutedQueue
            }
        let reader = DrainReader(
            place, seat: Seat(homerton), queue: queue, sources: [barts, homerton], subscribers: subscribers)
        return switch reader.read(delivery) {
        case .park(let letter): "park \(letter.rejection.cause.rawValue) of \(letter.source?.text ?? "nobody")"
        case .replayReturned(let mark, let rejection): "returned \(mark.text) \(rejection.cause.rawValue)"
        case .replayUnknown: "unknown"
        case .transient(let kind): "transient \(kind.rawValue)"
        }
    }

    private func marked(_ text: String) -> (inout Message) -> Void {
        { $0.headers[HeaderName.replay] = .string(text) }
    }

    @Test("promise P6: what died and what reached nobody is parked, whatever it is") func parked() {
        #expect(read(.dead, BrokerLetter.dead()) == "park delivery-limit of barts")
        #expect(read(.dead, BrokerLetter.dead { $0.type = "wherry.pulse.v1" }) == "park delivery-limit of barts")
        #expect(read(.unrouted, BrokerLetter.unrouted()) == "park unrouted of barts")
        #expect(read(.unrouted, BrokerLetter.unrouted { $0.type = nil }) == "park unrouted of barts")
        #expect(read(.unrouted, BrokerLetter.unrouted(routingKey: "x")) == "park unrouted of nobody")
    }

    @Test(
        "of what reached nobody, pulses, questions and answers are only counted", arguments: MessageHeader.Kind.allCases
    )
    func transient(kind: MessageHeader.Kind) {
        let delivery = BrokerLetter.unrouted { $0.type = kind.rawValue }
        #expect(
            read(.unrouted, delivery) == (kind == .changes ? "park unrouted of barts" : "transient \(kind.rawValue)"))
    }

    @Test("changes of the only HIE that is connected are for nobody") func alone() {
        #expect(read(.unrouted, BrokerLetter.unrouted(), subscribers: [barts]) == "transient wherry.changes.v1")
        #expect(
            read(.unrouted, BrokerLetter.unrouted(routingKey: "x"), subscribers: [barts]) == "park unrouted of nobody")
    }

    @Test("an own letter that was sent again becomes no second letter") func returned() {
        let mark = marked("homerton/12/4711")
        #expect(
            read(.dead, BrokerLetter.dead(BrokerLetter.entry(), mark)) == "returned homerton/12/4711 delivery-limit")
        let unrouted = BrokerLetter.unrouted(exchange: "wherry.replays", routingKey: "homerton", mark)
        #expect(read(.unrouted, unrouted) == "returned homerton/12/4711 unrouted")
    }

    @Test("another HIE's letter that was sent again: to everybody it is a message, to that HIE it is its own")
    func foreign() {
        let mark = marked("barts/1/2")
        #expect(read(.dead, BrokerLetter.dead(BrokerLetter.entry(), mark)) == "park delivery-limit of barts")
        let replay = BrokerLetter.entry(["exchange": "wherry.replays", "routing-keys": .array(["homerton"])])
        #expect(read(.dead, BrokerLetter.dead(replay, mark)) == "unknown")
        let unrouted = BrokerLetter.unrouted(exchange: "wherry.replays", routingKey: "barts", mark)
        #expect(read(.unrouted, unrouted) == "returned barts/1/2 unrouted")
        #expect(read(.unrouted, BrokerLetter.unrouted(exchange: "wherry.replays")) == "unknown")
    }
}
