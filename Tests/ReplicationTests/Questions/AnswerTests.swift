import AMQP
import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Answers") struct AnswerTests {
    private let buckets = BucketSet(SampleSource.patients.prefix(3).map(BucketDigest.bucket(of:)))!  // buckets all

    private func page() throws -> (reply: Reply, subject: Question.Subject) {
        let page = try Asked.source().page(JournalStretch(after: 1, through: 5))
        let subject = Question.Subject.changes(after: 1, through: 5)
        return (.page(page, of: subject), subject)
    }

    private func bucketsPage() throws -> (reply: Reply, subject: Question.Subject) {
        let page = try Asked.source().page(JournalStretch(after: 0, buckets: buckets))
        let subject = Question.Subject.buckets(buckets, after: 0)
        return (.page(page, of: subject), subject)
    }

    private func state() throws -> JournalState {
        let source = try Asked.source()
        return JournalState(epoch: source.epoch, head: source.head, publishedThrough: 2, digest: source.digest)
    }

    @Test("a page of changes is read back, with the head that its source had") func changes() throws {
        let (reply, subject) = try page()
        let read = try Asked.readAnswer(Asked.arriving(reply, to: subject))
        #expect(read.source == barts)
        #expect(read.questionID == Asked.question(subject).address.id)
        let batch = try Asked.source().batch(after: 1, through: 5)
        #expect(read.answer == .changes(IncomingBatch(batch: batch), head: 6))
    }

    @Test("an empty page is read back") func empty() throws {
        let page = try Asked.source().page(JournalStretch(after: 50))
        let read = try Asked.readAnswer(Asked.arriving(Reply.page(page, of: .changes(after: 50, through: nil))))
        let batch = ChangeBatch(source: barts, epoch: SampleSource.early, after: 50, through: 50, head: 6, changes: [])
        #expect(read.answer == .changes(IncomingBatch(batch: batch), head: 6))
    }

    @Test("a page of buckets is read back") func bucketPages() throws {
        let (reply, subject) = try bucketsPage()
        let read = try Asked.readAnswer(Asked.arriving(reply, to: subject))
        #expect(read.answer == .buckets(IncomingBuckets(page: try Asked.source().buckets(buckets))))
        let all = try Asked.source().page(JournalStretch(after: 0, buckets: .all))
        let whole = try Asked.readAnswer(Asked.arriving(Reply.page(all, of: .buckets(.all, after: 0))))
        #expect(whole.answer == .buckets(IncomingBuckets(page: try Asked.source().buckets(.all))))
    }

    @Test("a state and a refusal are read back") func stateAndRefusal() throws {
        let state = try state()
        #expect(
            try Asked.readAnswer(Asked.arriving(Reply.state(state))).answer
                == .state(JournalSummary(epoch: state.epoch, head: state.head, digest: state.digest)))
        #expect(
            try Asked.readAnswer(Asked.arriving(Reply.refusal(reason: "\"busy\" é"))).answer
                == .refusal(reason: "\"busy\" é"))
    }

    @Test("a question with an address that is not the asker's own is refused; the answer goes to the run that asked")
    func address() throws {
        for foreign in ["wherry.changes.homerton", "homerton.1a2b3c", "amq.rabbitmq.reply-to.x", "kingston.other", ""] {
            let delivery = Asked.arriving(Question.Subject.changes(after: 0, through: nil)) { $0.replyTo = foreign }
            let rejection = #expect(throws: Rejection.self) { try Asked.read(delivery) }
            #expect(rejection?.cause == .forgedSource)
        }
        _ = try Asked.read(
            Asked.arriving(Question.Subject.changes(after: 0, through: nil)) {
                $0.replyTo = "wherry.replies.kingston.1a2b3c"
            })
        let question = try Asked.read(
            Asked.arriving(Question.Subject.changes(after: 0, through: nil)) { $0.replyTo = "kingston.1a2b3c" })
        let outgoing = Reply.refusal(reason: "x").message(from: barts, to: question.address, sentAt: Asked.sentAt)
        #expect(outgoing.exchange == "wherry.replies")
        #expect(outgoing.routingKey == "kingston.1a2b3c")
        #expect(outgoing.message.correlationID == question.address.id)
        #expect(!outgoing.message.isPersistent)
    }

    @Test("an answer of which the sender or the way is not what it claims is refused with its cause") func crossChecks()
        throws
    {
        let (reply, subject) = try page()
        let good = Asked.arriving(reply, to: subject)
        let cases: [(Rejection.Cause, Delivery)] = [
            (.headerRefused, good.with { $0.headers["CC"] = .array([.string("x")]) }),
            (.headerRefused, good.with { $0.headers["BCC"] = .string("x") }),
            (.forgedSource, good.with { $0.appID = "kingston" }),
            (.forgedSource, good.with { $0.appID = "homerton" }),
            (.forgedSource, good.with(routingKey: "kingston.other")),
            (.forgedSource, good.with(routingKey: "barts.1a2b3c")),
            (.unknownType, good.with { $0.type = "wherry.changes.v1" }),
            (.unknownType, good.with { $0.type = "wherry.state.read.v1" }),
            (.unknownType, good.with { $0.type = "wherry.other.v1" }),
            (.schema, good.with { $0.correlationID = nil }),
            (.epochUnknown, good.with { $0.headers[HeaderName.epoch] = nil }),
            (.schema, good.with { $0.headers[HeaderName.after] = .int(-1) }),
            (.schema, good.with { $0.headers[HeaderName.through] = .int(0) }),
            (.schema, good.with { $0.headers[HeaderName.head] = nil }),
            (.schema, good.with { $0.headers[HeaderName.head] = .int(-1) }),
            (.schema, good.with { $0.headers[HeaderName.head] = .string("6") }),
            (.undecodable, good.with { $0.contentType = nil }),
        ]
        for (number, (cause, delivery)) in cases.enumerated() {
            let rejection = #expect(throws: Rejection.self, "case \(number)") { try Asked.readAnswer(delivery) }
            #expect(rejection?.cause == cause, "case \(number)")
        }
    }

    @Test("promise P6: one bad line of a page is a letter of its own, the others stand") func badLine() throws {
        for (reply, subject) in [try page(), try bucketsPage()] {
            let good = Asked.arriving(reply, to: subject)
            let bad = good.with { $0.body = Array("{\n".utf8) + $0.body }
            let letters: [DeadLetter]
            let count: Int
            switch try Asked.readAnswer(bad).answer {
            case .changes(let incoming, _): (letters, count) = (incoming.letters, incoming.batch.changes.count)
            case .buckets(let incoming): (letters, count) = (incoming.letters, incoming.page.changes.count)
            case .state, .record, .refusal: (letters, count) = ([], 0)
            }
            #expect(count == good.message.body.split(separator: UInt8(ascii: "\n")).count)
            #expect(letters.map(\.rejection.cause) == [.undecodable])
            #expect(letters.map(\.message.body) == [Array("{".utf8)])
            #expect(letters.map(\.queue) == [Asked.queue])
            #expect(letters.map(\.source) == [barts])
        }
    }

    @Test("a page of buckets that does not say them, or holds something else, is refused whole") func wrongBuckets()
        throws
    {
        let (reply, subject) = try bucketsPage()
        let good = Asked.arriving(reply, to: subject)
        let texts: [Field?] = [
            nil, .string(""), .string(","), .string("256"), .string("-1"), .string("1;2"), .string("1, 2"),
            .string("x"),
            .int(7), .string(String(repeating: "9", count: 60)),
        ]
        for text in texts {
            #expect(throws: Rejection.self) {
                try Asked.readAnswer(good.with { $0.headers[HeaderName.buckets] = text })
            }
        }
        let others = (0...255).filter { !buckets.numbers.contains($0) }.map { String($0) }.joined(separator: ",")
        let foreign = good.with { $0.headers[HeaderName.buckets] = .string(others) }
        #expect(throws: Rejection.self) { try Asked.readAnswer(foreign) }
        let withdrawal = try Asked.source().page(JournalStretch(after: 5))
        let withdrawn = Asked.arriving(Reply.page(withdrawal, of: .buckets(.all, after: 5)))
        #expect(throws: Rejection.self) { try Asked.readAnswer(withdrawn) }
    }

    @Test(
        "a state that is not one is refused",
        arguments: [
            "", "[]", "{}", #"{"head":1}"#, #"{"head":-1,"digest":"\#(BucketDigest().hexadecimal)"}"#,
            #"{"head":1,"digest":"00"}"#, #"{"head":"1","digest":"\#(BucketDigest().hexadecimal)"}"#,
        ])
    func wrongState(body: String) throws {
        let good = Asked.arriving(Reply.state(try state()))
        #expect(throws: Rejection.self) { try Asked.readAnswer(good.with { $0.body = Array(body.utf8) }) }
    }

    @Test("a state without an epoch is refused") func noEpoch() throws {
        let good = Asked.arriving(Reply.state(try state()))
        let rejection = #expect(throws: Rejection.self) {
            try Asked.readAnswer(good.with { $0.headers[HeaderName.epoch] = nil })
        }
        #expect(rejection?.cause == .epochUnknown)
    }

    @Test("a refusal's reason is short, whatever it is", arguments: ["", "{", "{}", #"{"reason":7}"#, "\u{0}"])
    func reasons(body: String) throws {
        let refusal = Asked.arriving(Reply.refusal(reason: "x"))
        #expect(
            try Asked.readAnswer(refusal.with { $0.body = Array(body.utf8) }).answer
                == .refusal(reason: "no reason given"))
        let marks = "e" + String(repeating: "\u{301}", count: 100_000)
        let long = Asked.arriving(Reply.refusal(reason: marks))
        guard case .refusal(let reason) = try Asked.readAnswer(long).answer else {
            Issue.record("not a refusal")
            return
        }
        #expect(reason.utf8.count <= 1000)
    }
}
