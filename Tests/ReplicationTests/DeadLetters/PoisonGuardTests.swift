import AMQP
import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Poison guard") struct PoisonGuardTests {
    private func delivery(_ number: UInt64, count: Field?, isRedelivered: Bool = true) -> Delivery {
        var message = BrokerLetter.message()
        message.headers[PoisonGuard.countHeader] = count
        return Delivery(
            message: message, tag: DeliveryTag(number: number), isRedelivered: isRedelivered, exchange: "e",
            routingKey: "k")
    }

    /// In words: numbers that are read together, or one alone in brackets.
    private func words(_ deliveries: [Delivery]) -> [String] {
        PoisonGuard.portions(deliveries).map { portion in
            switch portion {
            case .together(let deliveries): deliveries.map { String($0.tag.number) }.joined(separator: "+")
            case .alone(let delivery): "[\(delivery.tag.number)]"
            }
        }
    }

    @Test("what was delivered in vain twice is read alone, the others together, in their order") func portions() {
        #expect(words([]) == [])
        let deliveries = [
            delivery(1, count: nil), delivery(2, count: 1), delivery(3, count: 2), delivery(4, count: 100),
            delivery(5, count: nil), delivery(6, count: 2),
        ]
        #expect(words(deliveries) == ["1+2", "[3]", "[4]", "5", "[6]"])
    }

    @Test("a count that no broker gave says nothing") func forged() {
        let counts: [Field] = [.string("9"), .double(9), .int(-1), .void, .table([:])]
        #expect(words(counts.map { delivery(1, count: $0) }) == ["1+1+1+1+1"])
        #expect(words([delivery(1, count: 100, isRedelivered: false)]) == ["1"])
    }

    @Test("a message is read twice on trial and then not any more") func attempts() {
        #expect((0...2).allSatisfy { PoisonGuard.rejection(attempts: $0) == nil })
        #expect((3...5).allSatisfy { PoisonGuard.rejection(attempts: $0)?.cause == .applicationFailed })
    }

    @Test("attempts are counted by message, not by delivery, and nothing of its body is read") func identity() {
        let one = delivery(1, count: 2)
        #expect(LetterIdentity(unread: one) == LetterIdentity(unread: delivery(9, count: 7)))
        #expect(LetterIdentity(unread: one) != LetterIdentity(unread: one.with { $0.body.append(0) }))
        let letter = DeadLetter(unread: one, Rejection(.applicationFailed, "x"), queue: "q")
        #expect(letter.message == one.message && letter.source == nil)
        #expect(letter.subject == LetterSubject(form: .message))
        #expect(letter.queue == "q" && letter.exchange == "e" && letter.routingKey == "k")
    }

    @Test("attempts on a page are counted by where it begins, however far it reaches") func page() throws {
        func page(after: Int64, through: Int64) -> Delivery {
            BrokerLetter.unrouted {
                $0.type = MessageHeader.Kind.changesPage.rawValue
                $0.headers[HeaderName.after] = .int(after)
                $0.headers[HeaderName.through] = .int(through)
                $0.body = Array("\(through)".utf8)
            }
        }
        let identity = try #require(LetterIdentity(page: page(after: 0, through: 7)))
        #expect(identity == LetterIdentity(page: page(after: 0, through: 9)))
        #expect(identity != LetterIdentity(page: page(after: 1, through: 7)))
        #expect(LetterIdentity(page: BrokerLetter.unrouted()) == nil)
    }
}

@Suite("Parts of a batch") struct BatchPartsTests {
    @Test("halves are the whole, in order, each with changes, down to single numbers") func halves() throws {
        let resource = try #require(ResourceKey(reference: "Condition/c"))
        for seed in UInt64(0)..<50 {
            var random = SplitMix64(seed: seed)
            let changes = (0..<random.within(1...12)).map { _ in
                Change(
                    seq: Int64(random.within(6...20)),
                    key: EntryKey(patient: SampleSource.patients[0], resource: resource), effect: .withdraw)
            }
            let batch = ChangeBatch(
                source: barts, epoch: SampleSource.early, after: 5, through: 25, head: 30, changes: changes)
            var waiting = [batch]
            var parts: [ChangeBatch] = []
            while let next = waiting.popLast() {
                guard let (lower, upper) = next.halves else {
                    parts.append(next)
                    continue
                }
                #expect(!lower.changes.isEmpty && !upper.changes.isEmpty, "seed \(seed)")
                waiting += [upper, lower]
            }
            #expect(parts.allSatisfy { Set($0.changes.map(\.seq)).count == 1 && $0.head == 30 }, "seed \(seed)")
            #expect(parts.first?.after == 5 && parts.last?.through == 25, "seed \(seed)")
            #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.through == $1.after }, "seed \(seed)")
            #expect(
                parts.flatMap { part in part.changes.filter { $0.seq > part.after && $0.seq <= part.through } }.count
                    == changes.count, "seed \(seed)")
        }
    }

    @Test("a gap is known before the first of its numbers counts as applied") func gaps() throws {
        let identity = try #require(LetterIdentity(bytes: [UInt8](repeating: 1, count: 32)))
        let gap = Gap(letter: identity, after: 0, through: 4)
        let key = EntryKey(
            patient: SampleSource.patients[0], resource: try #require(ResourceKey(reference: "Condition/c")))
        let batch = ChangeBatch(
            source: barts, epoch: SampleSource.early, after: 0, through: 4,
            changes: [2, 3].map { Change(seq: $0, key: key, effect: .withdraw) }, gaps: [gap])
        let halves = try #require(batch.halves)
        #expect(halves.lower.gaps == [gap] && halves.upper.gaps == [])
        let more = Gap(letter: identity, after: 1, through: 2)
        let empty = halves.lower.emptied(leaving: [more])
        #expect(empty.gaps == [gap, more] && empty.changes.isEmpty && empty.through == halves.lower.through)
    }
}
