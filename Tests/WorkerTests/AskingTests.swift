import AMQP
import CareRecord
import Replication
import Storage
import TestSupport
import Testing
import Worker

/// Who may ask, and what becomes of questions and answers that go astray.
@Suite("Asking and answering over a real broker", .fewAtOnce) struct AskingTests {
    private let one = FHIRFixture.number(1)

    @Test("whoever is not connected in the topology gets no answer", arguments: ["stranger", "imperial", "barts"])
    func strangers(name: String) async throws {
        let stranger = try #require(HIEIdentifier(name))
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { barts in
            #expect(await eventually { barts[0].readiness.state == .ready })
            try await mesh.withSession { session in
                try await session.declareQueue("answers", isDurable: false)
                for hie in [stranger, Mesh.homerton] {
                    try await session.bindQueue(
                        "answers", exchange: BrokerNames.repliesExchange,
                        routingKey: BrokerNames.replyKey(hie, run: "r"))
                }
                for hie in [stranger, Mesh.homerton] { try await ask(hie, session) }
                let answers = try await session.consume("answers", prefetchMax: 8).next(max: 8)
                #expect(answers.map(\.routingKey) == ["homerton.r"])
            }
            #expect(await eventually { barts[0].counters.now.questionsRejected == 1 })
            // Counted once the broker has confirmed it, which is after it was read here.
            #expect(await eventually { barts[0].counters.now.answersGiven == 1 })
        }
    }

    @Test("a source without its queue for questions is named with what to run, and asked once there is one")
    func withoutQueue() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { barts in
            _ = try await barts[0].submit([FHIRFixture.patient("p", number: one)])
            #expect(try await eventually { try await barts[0].ownRecords.journalState().publishedThrough == 1 })
            _ = try await mesh.withSession { session in
                try await session.deleteQueue(BrokerNames.requestsQueue(Mesh.barts))
                return try await session.purgeQueue(BrokerNames.changesQueue(Seat(Mesh.kingston)))
            }
            try await mesh.run(Mesh.kingston) { kingston in
                let reason = "broker all: no queue for questions to barts: run wherry topology apply"
                #expect(await eventually { kingston[0].coverageBoard.repairs[Mesh.barts] == reason })
                try await mesh.declare()
                #expect(try await eventually { try await kingston[0].entries(of: one).count == 1 })
                #expect(await eventually { kingston[0].coverageBoard.repairs[Mesh.barts] == nil })
            }
        }
    }

    @Test("promise P6: answers that nobody waits for or nobody can read are counted, and are no dead letters")
    func astray() async throws {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts, Mesh.kingston) { workers in
            #expect(await eventually { workers.allSatisfy { $0.readiness.state == .ready } })
            let key = BrokerNames.replyKey(Mesh.kingston, run: workers[1].run.text)
            let question = Question(
                asker: Mesh.kingston, run: workers[1].run, id: "none", subject: .changes(after: 0, through: nil))
            let late = Reply.refusal(reason: "busy").message(
                from: Mesh.barts, to: question.address, sentAt: Timestamp(milliseconds: 0))
            try await mesh.withSession { session in
                _ = try await session.publish([
                    late,
                    Outgoing(
                        message: Message(body: [0xFF]), exchange: BrokerNames.repliesExchange, routingKey: key),
                ])
            }
            #expect(await eventually { workers[1].counters.now.answersUnexpected == 1 })
            #expect(await eventually { workers[1].counters.now.answersUnreadable == 1 })
            #expect(try await workers[1].deadLetters.counts() == [:])
            // Its questions are answered as before.
            _ = try await workers[0].submit([FHIRFixture.patient("p", number: one)])
            #expect(try await eventually { try await workers[1].entries(of: one).count == 1 })
            let verdicts = await workers[1].verifyIndex()
            #expect(verdicts[Mesh.barts] == .equal)
        }
    }

    @Test("promise P6: one bad line of a page parks that line; the rest of the page is applied") func badLine()
        async throws
    {
        let mesh = try await Mesh()
        try await mesh.run(Mesh.barts) { barts in
            _ = try await barts[0].submit([
                FHIRFixture.patient("p", number: one), FHIRFixture.condition("bad", of: "p"),
                FHIRFixture.condition("good", of: "p"),
            ])
            #expect(try await eventually { try await barts[0].ownRecords.journalState().publishedThrough == 3 })
            try await mesh.sqlite(
                Mesh.barts, "records.sqlite",
                "UPDATE journal SET content = replace(content, '\"condition\"', '\"nonsense\"') WHERE id = 'bad'")
            _ = try await mesh.withSession { try await $0.purgeQueue(BrokerNames.changesQueue(Seat(Mesh.kingston))) }
            try await mesh.run(Mesh.kingston) { kingston in
                let isApplied = try await eventually {
                    try await kingston[0].entries(of: one) == ["barts Patient/p 1", "barts Condition/good 3"]
                }
                #expect(isApplied)
                #expect(await eventually { kingston[0].state(of: Mesh.barts) == .held(deadLetters: 1) })
                #expect(try await kingston[0].deadLetters.counts() == [Mesh.barts: 1])
            }
        }
    }

    private func ask(_ asker: HIEIdentifier, _ session: Session) async throws {
        let run = try #require(WorkerRun("r"))
        let question = Question(
            asker: asker, run: run, id: "q", subject: .state(JournalWitness(epoch: nil, through: 0)),
            lifetimeMilliseconds: 10_000)
        let outgoing = question.message(to: Mesh.barts, sentAt: WallClock.system.now)
        _ = try await session.publishConfirmed(
            outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey)
    }
}
