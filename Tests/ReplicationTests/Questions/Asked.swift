import AMQP
import CareRecord
import TestSupport

@testable import Replication

/// Questions of kingston to barts, and barts's answers, as they arrive.
enum Asked {
    static let run = WorkerRun("1a2b3c")!  // a well-formed constant
    static let sentAt = Timestamp(milliseconds: 1_767_225_600_000)
    static let queue = BrokerNames.repliesQueue(kingston, run: run.text)

    static let subjects: [Question.Subject] = [
        .changes(after: 0, through: nil), .changes(after: 7, through: 7), .changes(after: 0, through: .max),
        .buckets(.all, after: 0), .buckets(BucketSet([0, 7, 255])!, after: .max),  // buckets all
        .state(JournalWitness(epoch: nil, through: 0)),
        .state(JournalWitness(epoch: SampleSource.early, through: 99)),
        .record(RecordRequest(patient: SampleSource.patients[0], requester: requester)),
        .record(
            RecordRequest(
                patient: SampleSource.patients[1], categories: [.allergy, .carePlan],
                since: Timestamp(milliseconds: 0), limit: 1, requester: requester)),
    ]

    static let requester = Requester(
        person: "A \"B\" é", role: "clinician", organisation: "C", purpose: "direct care")!  // well-formed

    static func recordPage(_ patient: NHSNumber = SampleSource.patients[0], subject: String = "p") -> RecordPage {
        let bodies = [
            #"{"resourceType":"Patient","id":"p","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":""#
                + #"\#(patient.text)"}]}"#,
            #"{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/\#(subject)"},"code":{"text":"é"}}"#,
        ]
        let keys = ["Patient/p", "Condition/c"].map { ResourceKey(reference: $0)! }  // well-formed
        return RecordPage(
            patient: patient, number: 3, isLast: true, patientIDs: ["p"],
            resources: zip(keys, bodies).map { RecordResource(key: $0, body: Array($1.utf8)) }, omitted: 2,
            hasMore: true)
    }

    static func question(_ subject: Question.Subject, id: String = "kingston/1a2b3c/1") -> Question {
        Question(asker: kingston, run: run, id: id, subject: subject, lifetimeMilliseconds: 8000)
    }

    static func delivery(_ outgoing: Outgoing) -> Delivery {
        Delivery(
            message: outgoing.message, tag: DeliveryTag(number: 1), isRedelivered: false,
            exchange: outgoing.exchange, routingKey: outgoing.routingKey)
    }

    static func arriving(_ subject: Question.Subject, _ change: (inout Message) -> Void = { _ in }) -> Delivery {
        var outgoing = question(subject).message(to: barts, sentAt: sentAt)
        change(&outgoing.message)
        return delivery(outgoing)
    }

    static func read(_ delivery: Delivery) throws(Rejection) -> Question {
        try Question(delivery, to: barts, from: [kingston])
    }

    static func arriving(
        _ reply: Reply, to subject: Question.Subject = .changes(after: 0, through: nil),
        _ change: (inout Message) -> Void = { _ in }
    ) -> Delivery {
        var outgoing = reply.message(from: barts, to: question(subject).address, sentAt: sentAt)
        change(&outgoing.message)
        return delivery(outgoing)
    }

    static func readAnswer(
        _ delivery: Delivery
    ) throws(Rejection) -> (source: HIEIdentifier, questionID: String, answer: Answer) {
        try Answer.read(delivery, to: kingston, run: run, queue: queue, from: [barts])
    }

    static func source() throws -> SampleSource {
        var source = SampleSource(barts)
        for (number, patient) in SampleSource.patients.enumerated() {
            try source.set("Condition/c\(number)", patient, code: "\(number)")
        }
        try source.set("Condition/c1", SampleSource.patients[1], code: nil)
        return source
    }
}

extension Delivery {
    func with(routingKey: String? = nil, _ change: (inout Message) -> Void = { _ in }) -> Delivery {
        var message = message
        change(&message)
        return Delivery(
            message: message, tag: tag, isRedelivered: isRedelivered, exchange: exchange,
            routingKey: routingKey ?? self.routingKey)
    }
}
