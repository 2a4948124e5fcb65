import AMQP
import Testing
import Topology

@Suite("The difference between a broker as it should be and as it is")
struct BrokerDifferenceTests {
    private let wanted = BrokerObjects(
        exchanges: [ExchangeObject(name: "wherry.e", kind: "topic", arguments: ["alternate-exchange": "wherry.u"])],
        queues: [QueueObject(name: "wherry.q", arguments: ["x-max-length": 5, "x-queue-type": "quorum"])],
        bindings: [BindingObject(exchange: "wherry.e", queue: "wherry.q", key: "k")])

    @Test("there is none when both are the same")
    func none() {
        #expect(BrokerDifference(wanted: wanted, actual: wanted).isEmpty)
    }

    @Test("everything is missing on an empty broker, and everything is stale that nobody wants")
    func missingAndStale() {
        #expect(BrokerDifference(wanted: wanted, actual: BrokerObjects()).missing == wanted)
        let unwanted = BrokerDifference(wanted: BrokerObjects(), actual: wanted)
        #expect(unwanted.stale == wanted)
        #expect(unwanted.missing.isEmpty)
        #expect(!unwanted.isEmpty)
    }

    @Test("each property that differs is named with both values")
    func conflicts() throws {
        var actual = wanted
        actual.exchanges = [ExchangeObject(name: "wherry.e", kind: "direct", isDurable: false)]
        actual.queues = [
            QueueObject(name: "wherry.q", arguments: ["x-max-length": 6, "x-queue-type": "quorum", "x-x": 1])
        ]
        let difference = BrokerDifference(wanted: wanted, actual: actual)
        #expect(difference.missing.isEmpty)
        #expect(difference.stale.isEmpty)
        #expect(difference.conflicts.map(\.name) == ["wherry.e", "wherry.q"])
        func shown(_ conflict: BrokerDifference.Conflict) -> [String] {
            conflict.properties.map { "\($0.name): \($0.actual), not \($0.expected)" }
        }
        #expect(
            shown(difference.conflicts[0]) == [
                "alternate-exchange: absent, not wherry.u", "durable: false, not true", "type: direct, not topic",
            ])
        #expect(shown(difference.conflicts[1]) == ["x-max-length: 6, not 5", "x-x: 1, not absent"])
        #expect(difference.conflicts[1].advice.contains("rabbitmqctl delete_queue wherry.q"))
    }
}
