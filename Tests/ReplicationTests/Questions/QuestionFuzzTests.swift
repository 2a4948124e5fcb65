import AMQP
import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

@Suite("Mutated questions and answers") struct QuestionFuzzTests {
    private static let rounds = 50_000

    private func originals() throws -> [Delivery] {
        let source = try Asked.source()
        let state = JournalState(epoch: source.epoch, head: source.head, digest: source.digest)
        let buckets = Question.Subject.buckets(.all, after: 0)
        return Asked.subjects.map { Asked.arriving($0) } + [
            Asked.arriving(Reply.page(source.page(JournalStretch(after: 0)), of: .changes(after: 0, through: nil))),
            Asked.arriving(Reply.page(source.page(JournalStretch(after: 0, buckets: .all)), of: buckets), to: buckets),
            Asked.arriving(Reply.state(state)), Asked.arriving(Reply.record(Asked.recordPage())),
            Asked.arriving(Reply.refusal(reason: "busy")),
        ]
    }

    private func field(_ random: inout SplitMix64) -> Field {
        random.pick([
            .void, .bool(true), .int(.min), .int(.max), .int(-1), .int(0), .int(5), .double(.nan), .string(""),
            .string("0,1,2"), .string("a.b"), .bytes([0xFF]), .timestamp(.max), .table(["a": .array([.void])]),
            .array([.int(1)]), .string(String(repeating: "9", count: 40)),
        ])
    }

    private func mutated(_ original: Delivery, _ random: inout SplitMix64) -> Delivery {
        var message = original.message
        var routingKey = original.routingKey
        for _ in 0..<random.within(1...3) {
            switch random.below(8) {
            case 0...2:
                guard !message.body.isEmpty else { continue }
                let position = random.below(message.body.count)
                switch random.below(3) {
                case 0: message.body[position] = UInt8(truncatingIfNeeded: random.next())
                case 1: message.body.remove(at: position)
                default: message.body.insert(contentsOf: random.pick([[0x2D], [0x7B], [0x39, 0x39]]), at: position)
                }
            case 3, 4:
                let names = message.headers.keys.sorted()
                guard !names.isEmpty else { continue }
                message.headers[random.pick(names)] = random.chance(percent: 25) ? nil : field(&random)
            case 5: message.type = random.pick(MessageHeader.Kind.allCases).rawValue
            case 6:
                switch random.below(5) {
                case 0: message.messageID = nil
                case 1: message.correlationID = nil
                case 2: message.timestamp = random.next()
                case 3: message.expiration = random.pick(["", "-9", "9223372036854775808", "é"])
                default: message.appID = random.pick(["", "barts", "kingston", "#"])
                }
            default: routingKey = random.pick(["", "#", "barts", "kingston.1a2b3c", "kingston"])
            }
        }
        return original.with(routingKey: routingKey) { $0 = message }
    }

    @Test("never trap: they are read or refused, and what is read keeps its bounds") func mutations() throws {
        var random = SplitMix64(seed: 11)
        let originals = try originals()
        var read = 0
        for _ in 0..<Self.rounds {
            let delivery = mutated(random.pick(originals), &random)
            if let question = try? Asked.read(delivery) {
                read += 1
                expect(question)
            }
            if let answer = try? Asked.readAnswer(delivery).answer {
                read += 1
                expect(answer)
            }
        }
        #expect((4000..<Self.rounds).contains(read))
    }

    private func expect(_ question: Question) {
        #expect(question.asker == kingston)
        switch question.subject {
        case .changes(let after, let through): #expect(after >= 0 && (through ?? after) >= after)
        case .buckets(let buckets, let after): #expect(after >= 0 && !buckets.numbers.isEmpty)
        case .state(let witness): #expect(witness.through >= 0)
        case .record(let request): #expect((1...RecordRequest.limitMax).contains(request.limit))
        }
        // An answer to it can be sent.
        let page = SampleSource(barts).page(JournalStretch(after: 0))
        let reply = Reply.page(page, of: question.subject).message(
            from: barts, to: question.address, sentAt: Asked.sentAt)
        #expect(reply.routingKey == "kingston.\(question.address.run.text)")
        #expect(reply.message.messageID?.utf8.count ?? 999 <= 255)
    }

    private func expect(_ answer: Answer) {
        switch answer {
        case .changes(let page, let head):
            #expect(page.batch.source == barts && page.batch.after <= page.batch.through && head >= 0)
            #expect(page.batch.changes.allSatisfy { $0.seq > page.batch.after && $0.seq <= page.batch.through })
        case .buckets(let page):
            #expect(page.page.source == barts && page.page.after <= page.page.through && page.page.head >= 0)
            #expect(page.page.changes.allSatisfy { page.page.buckets.contains($0.key.patient) })
        case .state(let state): #expect(state.head >= 0)
        case .record(let page): #expect(page.page.number >= 0 && page.page.omitted >= 0)
        case .refusal(let reason): #expect(reason.utf8.count <= 1000)
        }
    }
}
