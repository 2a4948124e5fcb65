import AMQP
import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

private let queue = "wherry.changes.homerton"

/// Messages as they come from a queue, tagged in order.
private struct Arriving {
    private(set) var deliveries: [Delivery] = []

    mutating func add(_ outgoing: Outgoing, _ change: (inout Message) -> Void = { _ in }) {
        var message = outgoing.message
        change(&message)
        deliveries.append(
            Delivery(
                message: message, tag: DeliveryTag(number: UInt64(deliveries.count + 1)), isRedelivered: false,
                exchange: outgoing.exchange, routingKey: outgoing.routingKey))
    }

    /// A message of so many changes of the source.
    mutating func changes(_ count: Int, of source: HIEIdentifier = barts, _ change: (inout Message) -> Void = { _ in })
    {
        add(Self.message(count, of: source), change)
    }

    static func message(_ count: Int, of source: HIEIdentifier = barts) -> Outgoing {
        var sample = SampleSource(source)
        for number in 0..<count {
            // Never fails: the sample is in memory.
            try? sample.set("Condition/c\(number)", SampleSource.patients[0], code: "\(number)")
        }
        return ChangeBatch.message(
            source: source, sample.page(JournalStretch(after: 0)), sentAt: Timestamp(milliseconds: 0))
    }
}

@Suite("Intake reader") struct IntakeReaderTests {
    private func steps(_ arriving: Arriving, changesMax: Int = 100) -> [IntakeReader.Step] {
        IntakeReader(seat: Seat(homerton), queue: queue, sources: [barts], planned: [kingston], changesMax: changesMax)
            .steps(for: arriving.deliveries)
    }

    /// In words: `park N`, `apply N+N`, `acknowledge N`.
    private func words(_ steps: [IntakeReader.Step]) -> [String] {
        steps.map { step in
            switch step {
            case .park(let letters): "park \(letters.map(\.rejection.cause.rawValue).joined(separator: "+"))"
            case .apply(let batches): "apply \(batches.map { String($0.changes.count) }.joined(separator: "+"))"
            case .redeem(let deliveries): "redeem \(deliveries.count)"
            case .discard(let count): "discard \(count)"
            case .acknowledge(let tag): "acknowledge \(tag.number)"
            }
        }
    }

    @Test("promises P1 and P6: parked, then applied, then acknowledged") func order() {
        var arriving = Arriving()
        arriving.changes(2)
        arriving.changes(1) { $0.type = "wherry.changes.v9" }
        arriving.changes(3)
        #expect(words(steps(arriving)) == ["park unknown-type", "apply 2+3", "acknowledge 3"])
        #expect(words(steps(Arriving())) == [])
    }

    @Test("promise P6: one bad line parks that line, and the others of its message are applied") func badLine() {
        var arriving = Arriving()
        arriving.changes(2) { $0.body = Array("{\n".utf8) + $0.body + Array("[]\n".utf8) }
        let steps = steps(arriving)
        #expect(words(steps) == ["park undecodable+schema", "apply 2", "acknowledge 1"])
        guard case .park(let letters) = steps.first else { return }
        #expect(letters.map(\.message.body) == [Array("{".utf8), Array("[]".utf8)])
        #expect(letters.map(\.source) == [barts, barts])
        #expect(letters.map(\.queue) == [queue, queue])
    }

    @Test("promise P6: a message that cannot be read is parked whole, with its source where that is believed")
    func badMessage() {
        var arriving = Arriving()
        arriving.changes(2) { $0.headers[HeaderName.after] = .string("x") }
        arriving.changes(1, of: homerton)
        arriving.add(
            Pulse(source: barts, epoch: SampleSource.early, head: 1, digest: 0, intervalMilliseconds: 2000)
                .message(sentAt: Timestamp(milliseconds: 0), lifetimeMilliseconds: 6000))
        arriving.add(Asked.question(.changes(after: 0, through: nil)).message(to: barts, sentAt: Asked.sentAt)) {
            $0.appID = "barts"
        }
        let steps = steps(arriving)
        #expect(
            words(steps) == ["park schema+forged-source+unknown-type+unknown-type", "acknowledge 4"])
        guard case .park(let letters) = steps.first else { return }
        #expect(letters.map(\.source) == [barts, nil, nil, nil])
        #expect(letters.first?.message.body == arriving.deliveries.first?.message.body)
    }

    @Test("what a planned HIE says early is acknowledged and nothing else, whatever it is") func planned() {
        var arriving = Arriving()
        arriving.changes(2, of: kingston)
        arriving.changes(1, of: kingston) { $0.body = [0xFF] }
        #expect(words(steps(arriving)) == ["acknowledge 2"])
        arriving.changes(1)
        arriving.changes(1, of: kingston)
        #expect(words(steps(arriving)) == ["apply 1", "acknowledge 4"])
    }

    @Test("an HIE that is planned and may speak on this link is heard") func plannedAndConnected() {
        var arriving = Arriving()
        arriving.changes(2)
        let reader = IntakeReader(seat: Seat(homerton), queue: queue, sources: [barts], planned: [barts], changesMax: 9)
        #expect(words(reader.steps(for: arriving.deliveries)) == ["apply 2", "acknowledge 1"])
    }

    @Test("transactions are of bounded size, except for a message that is larger alone") func groups() {
        var arriving = Arriving()
        for count in [2, 2, 2, 7, 1, 4] { arriving.changes(count) }
        #expect(
            words(steps(arriving, changesMax: 5)) == [
                "apply 2+2", "acknowledge 2", "apply 2", "acknowledge 3", "apply 7", "acknowledge 4", "apply 1+4",
                "acknowledge 6",
            ])
    }

    @Test("whatever comes: tags rise to the last, every message is in one transaction, acknowledged last")
    func anything() {
        for seed in UInt64(0)..<100 {
            var random = SplitMix64(seed: seed)
            var arriving = Arriving()
            var changes = 0
            var bad = 0
            for _ in 0..<random.within(1...12) {
                let count = random.within(1...6)
                switch random.below(4) {
                case 0:
                    arriving.changes(count, of: kingston)
                case 1:
                    arriving.changes(count) { $0.contentType = nil }
                    bad += 1
                default:
                    arriving.changes(count)
                    changes += count
                }
            }
            let changesMax = random.within(1...8)
            let steps = steps(arriving, changesMax: changesMax)
            var tags: [UInt64] = []
            var rank = 0
            for step in steps {
                switch step {
                case .park(let letters):
                    if rank != 0 { Issue.record("seed \(seed): parked late") }
                    rank = 1
                    bad -= letters.count
                case .apply(let batches):
                    if rank > 1 { Issue.record("seed \(seed): applied twice") }
                    rank = 2
                    let sizes = batches.map(\.changes.count)
                    if sizes.count > 1, sizes.reduce(0, +) > changesMax { Issue.record("seed \(seed): \(sizes)") }
                    changes -= sizes.reduce(0, +)
                case .redeem, .discard:
                    Issue.record("seed \(seed): nothing is replayed")
                case .acknowledge(let tag):
                    rank = 0
                    tags.append(tag.number)
                }
            }
            #expect(changes == 0 && bad == 0 && rank == 0, "seed \(seed)")
            #expect(tags == tags.sorted() && tags.last == UInt64(arriving.deliveries.count), "seed \(seed)")
        }
    }
}

@Suite("Pulse reader") struct PulseReaderTests {
    private let reader = PulseReader(queue: queue, sources: [barts], planned: [kingston])

    private func delivery(of source: HIEIdentifier, _ change: (inout Message) -> Void = { _ in }) -> Delivery {
        let pulse = Pulse(source: source, epoch: SampleSource.early, head: 3, digest: 5, intervalMilliseconds: 2000)
        return Asked.delivery(pulse.message(sentAt: Timestamp(milliseconds: 0), lifetimeMilliseconds: 6000))
            .with(change)
    }

    @Test("a pulse is read, and is no letter") func read() {
        let (pulse, letter) = reader.read(delivery(of: barts))
        #expect(pulse?.head == 3)
        #expect(pulse?.source == barts)
        #expect(letter == nil)
    }

    @Test("what is no pulse is a letter that holds up no source's changes") func letters() {
        let changes = Asked.delivery(Arriving.message(1))
        for delivery in [delivery(of: homerton), changes, delivery(of: barts) { $0.body = [] }] {
            let (pulse, letter) = reader.read(delivery)
            #expect(pulse == nil)
            #expect(letter?.source == nil)
            #expect(letter?.queue == queue)
            #expect(letter?.message == delivery.message)
        }
    }

    @Test("a planned HIE's pulse is neither") func planned() {
        let (pulse, letter) = reader.read(delivery(of: kingston))
        #expect(pulse == nil)
        #expect(letter == nil)
    }
}
