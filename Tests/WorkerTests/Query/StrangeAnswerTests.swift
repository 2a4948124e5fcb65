import AMQP
import CareRecord
import Replication
import Storage
import TestSupport
import Testing

@testable import Worker

/// A peer that answers what it should not, and one that asks what it may not.
@Suite("Strange answers to queries", .fewAtOnce) struct StrangeAnswerTests {
    private static let one = FHIRFixture.number(1)
    private static let two = FHIRFixture.number(2)

    /// What homerton answers, and what becomes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let state: PeerAnswer.State
        let cause: PeerAnswer.Cause?
        var count = 0
        var deadline: Int64 = 5000
        let script: FakePeer.Script
    }

    private static func page(
        _ number: Int, last: Bool, of patient: NHSNumber = one, subject: String = "p"
    ) -> Reply {
        .record(FakePeer.page(number, last: last, of: patient, subject: subject))
    }

    private static func raw(_ body: [UInt8], to question: Question) -> Outgoing {
        var outgoing = FakePeer.reply(page(0, last: true), to: question)
        outgoing.message.body = body
        return outgoing
    }

    static let cases: [Case] = [
        Case(testDescription: "one page", state: .answered, cause: nil, count: 1) {
            [FakePeer.reply(page(0, last: true), to: $0)]
        },
        Case(testDescription: "nothing", state: .timedOut, cause: .peer, deadline: 2000) { _ in [] },
        Case(testDescription: "bytes", state: .refused, cause: .peer) { [raw([0xFF, 0x00], to: $0)] },
        Case(testDescription: "no page", state: .refused, cause: .peer) { [raw(Array("{}".utf8), to: $0)] },
        Case(testDescription: "no resource", state: .refused, cause: .peer) {
            let body = #"{"patient":"\#(one.text)","page":0,"last":true,"patientIds":[],"resources":[{"id":1}]}"#
            return [raw(Array(body.utf8), to: $0)]
        },
        Case(testDescription: "an answer to something else", state: .refused, cause: .peer) {
            let state = JournalState(epoch: Epoch("1.a")!, head: 0, digest: BucketDigest())  // well-formed
            return [FakePeer.reply(.state(state), to: $0)]
        },
        Case(testDescription: "the whole twice", state: .answered, cause: nil, count: 1) {
            [FakePeer.reply(page(0, last: true), to: $0), FakePeer.reply(page(0, last: true), to: $0)]
        },
        Case(testDescription: "a page twice, then the end", state: .answered, cause: nil, count: 2) {
            [page(0, last: false), page(0, last: false), page(1, last: true)].map { [q = $0] in
                FakePeer.reply($0, to: q)
            }
        },
        Case(testDescription: "another patient's page", state: .refused, cause: .peer) {
            [FakePeer.reply(page(0, last: true, of: two), to: $0)]
        },
        Case(testDescription: "a page with another patient's resource", state: .refused, cause: .peer) {
            [FakePeer.reply(page(0, last: true, subject: "q"), to: $0)]
        },
        Case(testDescription: "another patient's page behind a good one", state: .refused, cause: .peer) {
            [
                FakePeer.reply(page(0, last: false), to: $0),
                FakePeer.reply(page(1, last: true, of: two), to: $0),
            ]
        },
        Case(testDescription: "a part", state: .partial, cause: .peer, count: 1, deadline: 2000) {
            [FakePeer.reply(page(0, last: false), to: $0)]
        },
        Case(testDescription: "pages without end", state: .partial, cause: .limit, count: 512) { question in
            (0..<600).map { FakePeer.reply(page($0, last: false), to: question) }
        },
        Case(testDescription: "a page without end", state: .refused, cause: .peer) {
            [raw([UInt8](repeating: UInt8(ascii: "["), count: 9 << 20), to: $0)]
        },
        Case(testDescription: "a refusal", state: .refused, cause: .refusal) {
            [FakePeer.reply(.refusal(reason: "not permitted"), to: $0)]
        },
    ]

    @Test("promises P3 and P5: each has its named state, and nothing is left of it", arguments: cases)
    func strange(strange: Case) async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.kingston) { workers in
            let kingston = workers[0]
            try await FakePeer.run(in: mesh) { question in
                guard case .record = question.subject else { return [] }
                return strange.script(question)
            } _: {
                #expect(await eventually { kingston.readiness.state == .ready })
                let result = try await kingston.result(of: Self.one, deadline: strange.deadline)
                let answer = result.answer(FakePeer.hie)
                #expect(answer?.state == strange.state)
                #expect(answer?.cause == strange.cause)
                #expect(answer?.count == strange.count)
                #expect(result.resources.count == strange.count)
                #expect(result.resources.allSatisfy { $0.source == FakePeer.hie })
                // Whatever comes late is dropped, and the next question is answered.
                let isForeign = strange.testDescription.contains("another patient")
                let incidents = try await kingston.audit.incidents(max: 10)
                #expect(incidents.map(\.kind) == (isForeign ? [.foreignAnswer] : []))
                #expect(incidents.allSatisfy { $0.hie == FakePeer.hie && !$0.detail.contains(Self.one.text) })
                try await expectNothingLeft(workers)
            }
        }
    }

    @Test("pages that come after the deadline are dropped and counted") func late() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.kingston) { workers in
            #expect(await eventually { workers[0].readiness.state == .ready })
            try await mesh.withSession { session in
                let consumer = try await session.consume(BrokerNames.requestsQueue(FakePeer.hie), prefetchMax: 10)
                let result = try await workers[0].result(of: Self.one, deadline: 2000)
                #expect(result.answer(FakePeer.hie)?.state == .timedOut)
                for delivery in try await consumer.next(max: 10) {
                    let question = try Question(delivery, to: FakePeer.hie, from: [Mesh.kingston])
                    guard case .record = question.subject else { continue }
                    _ = try await session.publish([FakePeer.reply(Self.page(0, last: true), to: question)])
                }
                #expect(await eventually { workers[0].counters.now.answersUnexpected == 1 })
            }
            try await expectNothingLeft(workers)
        }
    }

    @Test("all queries together take no more memory than they may") func budget() async throws {
        let mesh = try await Mesh()
        let change = { (settings: inout WorkerSettings) in settings.queryBytesMax = 10 }
        try await mesh.run(Mesh.kingston, change: change) { workers in
            try await FakePeer.run(in: mesh) { question in
                guard case .record = question.subject else { return [] }
                return [FakePeer.reply(Self.page(0, last: true), to: question)]
            } _: {
                #expect(await eventually { workers[0].readiness.state == .ready })
                let result = try await workers[0].result(of: Self.one)
                #expect(result.answer(FakePeer.hie)?.state == .refused)
                #expect(result.answer(FakePeer.hie)?.cause == .limit)
                try await expectNothingLeft(workers)
            }
        }
    }

    @Test("strangers and foreign addresses are refused and recorded, once in a while; nobody gets an answer")
    func refusedQuestions() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { workers in
            #expect(await eventually { workers[0].readiness.state == .ready })
            let requester = Requester(person: "A", role: "B", organisation: "C", purpose: "D")!  // a well-formed one
            let subject = Question.Subject.record(RecordRequest(patient: Self.one, requester: requester))
            let run = WorkerRun("r")!  // a well-formed run
            try await mesh.withSession { session in
                for _ in 0..<20 {
                    for (name, replyTo) in [("stranger", nil), ("homerton", "wherry.changes.barts")] {
                        var outgoing = Question(asker: HIEIdentifier(name)!, run: run, id: "q", subject: subject)  // ok
                            .message(to: Mesh.barts, sentAt: workers[0].clock.now)
                        outgoing.message.replyTo = replyTo
                        _ = try await session.publish([outgoing])
                    }
                }
            }
            #expect(await eventually { workers[0].counters.now.questionsRejected == 40 })
            let incidents = try await workers[0].audit.incidents(max: 100)
            #expect(incidents.map(\.kind) == [.questionRefused, .questionRefused])
            #expect(Set(incidents.map { $0.hie?.text }) == ["stranger", "homerton"])
            #expect(workers[0].counters.now.answersGiven + workers[0].counters.now.answersRefused == 0)
            #expect(try await workers[0].audit.counts(of: [.recordRead])[.recordRead] == nil)
        }
    }

    @Test("a question that its own asker got wrong is refused with the reason; one that comes too late is dropped")
    func badQuestions() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { workers in
            #expect(await eventually { workers[0].readiness.state == .ready })
            let requester = Requester(person: "A", role: "B", organisation: "C", purpose: "D")!  // a well-formed one
            let subject = Question.Subject.record(RecordRequest(patient: Self.one, requester: requester))
            let run = WorkerRun("r")!  // a well-formed run
            try await mesh.withSession { session in
                try await session.declareQueue("answers", isDurable: false)
                try await session.bindQueue(
                    "answers", exchange: BrokerNames.repliesExchange,
                    routingKey: BrokerNames.replyKey(Mesh.homerton, run: "r"))
                var bodies = ["{}", #"{"patient":"\#(Self.one.text)","limit":1}"#, "[", #"{"patient":"9990000019"}"#]
                bodies.append(
                    #"{"patient":"\#(Self.one.text)","limit":1,"categories":["x"],"requester":{"person":"A","role":"B","#
                        + #""organisation":"C","purpose":"D"}}"#)
                for body in bodies {
                    var outgoing = Question(asker: Mesh.homerton, run: run, id: "q", subject: subject)
                        .message(to: Mesh.barts, sentAt: workers[0].clock.now)
                    outgoing.message.body = Array(body.utf8)
                    _ = try await session.publish([outgoing])
                }
                let consumer = try await session.consume("answers", prefetchMax: 10)
                var reasons: [String] = []
                while reasons.count < bodies.count {
                    for delivery in try await consumer.next(max: 10) {
                        let reason = try JSON.parse(delivery.message.body)["reason"]?.text ?? ""
                        #expect(!reason.contains("999"))
                        reasons.append(reason)
                    }
                }
                #expect(reasons.contains { $0.hasPrefix("member categories must be a list of these: demographics") })
            }
            #expect(await eventually { workers[0].counters.now.answersRefused == 5 })
        }
    }
}
