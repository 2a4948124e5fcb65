import AMQP
import CareRecord
import LoadTest
import Logging
import Replication
import TestSupport
import Testing

extension FaultTests {
    /// Random and mutated questions and answers, sent to workers over a real broker.
    @Suite("of what is sent") struct FuzzTests {
        private static let rounds = 5
        private static let messagesPerRound = 10_000
        /// What a worker may hold more after the last rounds than after the first: freed memory comes back in intervals.
        private static let growthBytesMax = 32.0 * 1024 * 1024

        @Test("promise P6: 50,000 random questions and answers crash nobody, hang nobody and leak nothing")
        func questionsAndAnswers() async throws {
            let mesh = try await FaultMesh()
            for hie in ["barts", "kingston"] { try await mesh.start(hie) }
            let feed = Feed("barts", pieces: 1, pattern: .fresh)
            try await feed.run { try await mesh.client("barts") }
            let kingston = try await mesh.client("kingston")
            let barts = try await mesh.client("barts")
            #expect(try await eventually { try await isAnswered(kingston) })
            let session = try await Session.open(
                Endpoint(url: mesh.brokerURL), settings: SessionSettings(name: "fuzz"),
                logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
            let run = try await run(of: kingston, session)
            var messages = FuzzedMessages(run: run, seed: 17)
            var figures: [[Double]] = []
            for _ in 0..<Self.rounds {
                _ = try await session.publish((0..<Self.messagesPerRound).map { _ in messages.next() })
                // Each is taken: questions are answered, refused or rejected, answers dropped.
                #expect(try await eventually(within: 60) { try await isAnswered(kingston) })
                #expect(
                    try await eventually(within: 60) {
                        try await session.inspectQueue(BrokerNames.requestsQueue(Self.barts)).messages == 0
                    })
                figures.append([
                    try await barts.metric("process_resident_memory_bytes"),
                    try await kingston.metric("process_resident_memory_bytes"),
                ])
            }
            for worker in [barts, kingston] {
                #expect(try await eventually { try await worker.metric("process_open_fds") < 120 })
            }
            let rejected = try await barts.metric("wherry_questions_rejected_total")
            let unreadable = try await kingston.metric("wherry_answers_unreadable_total")
            #expect(rejected > 1000 && unreadable > 1000)
            for (first, last) in zip(figures[1], figures[Self.rounds - 1]) {
                #expect(last < first + Self.growthBytesMax)
            }
            await session.close()
            #expect(try await eventually { try await isAnswered(kingston) })
            for hie in ["barts", "kingston"] { try await mesh.stop(hie) }
        }

        private static let barts = HIEIdentifier("barts")!  // a well-formed constant
        private static let homerton = HIEIdentifier("homerton")!  // a well-formed constant
        private static let kingston = HIEIdentifier("kingston")!  // a well-formed constant

        private func isAnswered(_ worker: WorkerAPI) async throws -> Bool {
            try await worker.record(Feed.sharedPatient, deadline: "2s").answer("barts")?.state == "answered"
        }

        /// From a question of kingston's to homerton, which has a queue and no worker.
        private func run(of worker: WorkerAPI, _ session: Session) async throws -> WorkerRun {
            let consumer = try await session.consume(BrokerNames.requestsQueue(Self.homerton), prefetchMax: 10)
            _ = try await worker.record(Feed.sharedPatient, deadline: "100ms")
            while true {
                for delivery in try await consumer.next(max: 10) where delivery.message.appID == "kingston" {
                    if let run = delivery.message.headers[HeaderName.run]?.text.flatMap(WorkerRun.init) { return run }
                }
            }
        }
    }
}

/// Questions of homerton to barts and answers of barts to kingston, changed at random.
struct FuzzedMessages {
    private let originals: [Outgoing]
    private var random: SplitMix64

    init(run: WorkerRun, seed: UInt64) {
        random = SplitMix64(seed: seed)
        let barts = HIEIdentifier("barts")!  // a well-formed constant
        let homerton = HIEIdentifier("homerton")!  // a well-formed constant
        let kingston = HIEIdentifier("kingston")!  // a well-formed constant
        let patient = FHIRFixture.number(1)
        let requester = Requester(person: "A", role: "B", organisation: "C", purpose: "D")!  // a well-formed one
        let subjects: [Question.Subject] = [
            .record(RecordRequest(patient: patient, categories: [.allergy, .condition], requester: requester)),
            .record(RecordRequest(patient: patient, since: Timestamp(milliseconds: 0), limit: 3, requester: requester)),
            .changes(after: 0, through: 5), .state(JournalWitness(epoch: nil, through: 0)),
        ]
        let sentAt = Timestamp(milliseconds: 1_767_225_600_000)
        let questions = subjects.map { subject in
            Question(asker: homerton, run: run, id: "homerton/1", subject: subject, lifetimeMilliseconds: 5000)
                .message(to: barts, sentAt: sentAt)
        }
        let body = #"{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},"code":{"text":"é"}}"#
        let page = RecordPage(
            patient: patient, number: 0, isLast: true, patientIDs: ["p"],
            resources: [
                RecordResource(key: ResourceKey(type: "Condition", id: "c")!, body: Array(body.utf8))  // well-formed
            ])
        let answers = (1...3).flatMap { number in
            let question = Question(
                asker: kingston, run: run, id: "kingston/\(run.text)/\(number)", subject: subjects[0])
            return [Reply.record(page), .refusal(reason: "busy")].map {
                $0.message(from: barts, to: question.address, sentAt: sentAt)
            }
        }
        originals = questions + answers
    }

    mutating func next() -> Outgoing {
        var outgoing = random.pick(originals)
        for _ in 0..<random.within(1...4) {
            switch random.below(7) {
            case 0...2: change(&outgoing.message.body)
            case 3: outgoing.message.body = bytes(random.below(300))
            case 4:
                let names = outgoing.message.headers.keys.sorted()
                guard !names.isEmpty else { continue }
                outgoing.message.headers[random.pick(names)] = random.pick([
                    nil, .int(.min), .string(""), .bytes([0xFF]), .bool(true), .string("urn:wherry:hie:barts"),
                ])
            case 5: outgoing.message.type = random.pick(MessageHeader.Kind.allCases).rawValue
            default:
                switch random.below(4) {
                case 0: outgoing.message.messageID = random.pick([nil, "", String(repeating: "i", count: 250)])
                case 1: outgoing.message.correlationID = random.pick([nil, "", "kingston/1"])
                case 2: outgoing.message.replyTo = random.pick(["kingston.other", "wherry.changes.barts"])
                default: outgoing.message.appID = random.pick([nil, "", "barts", "kingston", "stranger"])
                }
            }
        }
        return outgoing
    }

    private mutating func change(_ body: inout [UInt8]) {
        guard !body.isEmpty else { return }
        let position = random.below(body.count)
        switch random.below(4) {
        case 0: body[position] = UInt8(truncatingIfNeeded: random.next())
        case 1: body.remove(at: position)
        case 2: body = Array(body.prefix(position))
        default: body.insert(contentsOf: bytes(random.below(9)), at: position)
        }
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }
}
