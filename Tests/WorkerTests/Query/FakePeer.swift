import AMQP
import CareRecord
import Replication
import TestSupport
import Worker

/// homerton as a client of its own: it answers questions as a test says, which no worker would.
struct FakePeer {
    typealias Script = @Sendable (Question) -> [Outgoing]

    static let hie = Mesh.homerton

    /// Runs `body` while each question to homerton is answered by `script`.
    static func run<Value: Sendable>(
        in mesh: Mesh, _ script: @escaping Script, _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await mesh.withSession { session in
            let consumer = try await session.consume(BrokerNames.requestsQueue(hie), prefetchMax: 100)
            return try await withThrowingTaskGroup(of: Value?.self) { group in
                group.addTask {
                    while true {
                        for delivery in try await consumer.next(max: 100) {
                            let question = try Question(delivery, to: hie, from: [Mesh.barts, Mesh.kingston])
                            let answers = script(question)
                            if !answers.isEmpty { _ = try await session.publish(answers) }
                            try await session.acknowledge(delivery.tag)
                        }
                    }
                }
                group.addTask { try await body() }
                defer { group.cancelAll() }
                while let value = try await group.next() {
                    if let value { return value }
                }
                throw CancellationError()
            }
        }
    }

    static func reply(_ reply: Reply, to question: Question) -> Outgoing {
        reply.message(from: hie, to: question.address, sentAt: WallClock.system.now)
    }

    /// A page with one condition of the Patient `p`.
    static func page(
        _ number: Int, last: Bool, of patient: NHSNumber, id: String = "c", subject: String = "p"
    ) -> RecordPage {
        let body =
            #"{"resourceType":"Condition","id":"\#(id)\#(number)","subject":{"reference":"Patient/\#(subject)"}}"#
        let key = ResourceKey(type: "Condition", id: "\(id)\(number)")!  // a well-formed key
        return RecordPage(
            patient: patient, number: number, isLast: last, patientIDs: ["p"],
            resources: [RecordResource(key: key, body: Array(body.utf8))])
    }
}

extension Worker {
    /// What a query comes to, whole.
    func result(
        of patient: NHSNumber, _ categories: Set<Category>? = nil, deadline: Int64 = 5000, since: Timestamp? = nil,
        limit: Int = RecordRequest.limitMax
    ) async throws -> QueryResult {
        let requester = Requester(person: "A", role: "B", organisation: "C", purpose: "D")!  // a well-formed one
        let request = RecordRequest(
            patient: patient, categories: categories, since: since, limit: limit, requester: requester)
        var result = QueryResult()
        try await query(Query(request, deadlineMilliseconds: deadline)) { result.take($0) }
        return result
    }
}

extension QueryResult {
    func answer(_ hie: HIEIdentifier) -> PeerAnswer? { answers.first { $0.hie == hie } }

    /// `source reference` of each resource.
    var references: Set<String> { Set(resources.map { "\($0.source) \($0.resource.key.reference)" }) }
}
