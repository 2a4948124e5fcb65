package import AMQP
package import CareRecord

/// What one HIE asks another: about its journal (design §3, repair), or about a patient's record (query).
package struct Question: Sendable, Hashable {
    package enum Subject: Sendable, Hashable {
        /// Changes above `after`, at most up to `through` (`nil`: to the head), in pages.
        case changes(after: Int64, through: Int64?)
        /// The live entries of some buckets above `after`, in pages.
        case buckets(BucketSet, after: Int64)
        /// The journal's epoch, head and digest, with what the asker has seen of it.
        case state(JournalWitness)
        /// The resources of one patient, in pages that come one after the other.
        case record(RecordRequest)
    }

    /// Where the answer goes: built from who asked, never taken from what the question says of it.
    package struct Address: Sendable, Hashable {
        package let asker: HIEIdentifier
        /// Which run of the asker's worker waits for the answer.
        package let run: WorkerRun
        /// The question's id.
        package let id: String
    }

    package static let contentType = "application/json"
    package static let lengthMaxBytes = 16_384
    /// An id with this many bytes leaves room for what an answer appends to it (AMQP 0-9-1 §4.2.5.3).
    package static let identityMaxBytes = 200

    package let address: Address
    package let subject: Subject
    /// After so long nobody waits for the answer; `nil` for a question that says nothing.
    package let lifetimeMilliseconds: Int64?

    package init(
        asker: HIEIdentifier, run: WorkerRun, id: String, subject: Subject, lifetimeMilliseconds: Int64? = nil
    ) {
        address = Address(asker: asker, run: run, id: id)
        self.subject = subject
        self.lifetimeMilliseconds = lifetimeMilliseconds
    }

    package var asker: HIEIdentifier { address.asker }

    package func message(to hie: HIEIdentifier, sentAt: Timestamp) -> Outgoing {
        var epoch: Epoch?
        if case .state(let witness) = subject { epoch = witness.epoch }
        let header = MessageHeader(subject.kind, source: asker, epoch: epoch, id: address.id, sentAt: sentAt)
        var message = header.message(
            contentType: Self.contentType, body: subject.body, headers: [HeaderName.run: .string(address.run.text)])
        message.isPersistent = false
        message.expiration = lifetimeMilliseconds.map { String($0) }
        return Outgoing(
            message: message, exchange: BrokerNames.requestsExchange, routingKey: BrokerNames.requestKey(hie),
            isMandatory: true)
    }
}

/// A question as it arrived: who asks is known, and what is asked, or why that cannot be read.
package struct IncomingQuestion: Sendable {
    package let address: Question.Address
    package let lifetimeMilliseconds: Int64?
    package let subject: Result<Question.Subject, Rejection>

    /// Reads a question to `hie`; `askers` are those who may ask. Throws where nobody can be told why it is refused.
    package init(
        _ delivery: Delivery, to hie: HIEIdentifier, from askers: Set<HIEIdentifier>,
        vouchedBy voucher: Voucher = .nobody
    ) throws(Rejection) {
        let header = try MessageHeader(delivery, on: .requests(to: hie), from: askers, vouchedBy: voucher)
        let message = delivery.message
        guard let run = message.headers[HeaderName.run]?.text.flatMap(WorkerRun.init) else {
            throw Rejection(.schema, "header \(HeaderName.run) must be 1 to 32 lowercase letters or digits")
        }
        guard (1...Question.identityMaxBytes).contains(header.id.utf8.count) else {
            throw Rejection(
                .schema,
                "property message_id must say which question it is, in \(Question.identityMaxBytes) bytes at most")
        }
        let own = [
            BrokerNames.replyKey(header.source, run: run.text), BrokerNames.repliesQueue(header.source, run: run.text),
        ]
        guard message.replyTo.map(own.contains) ?? true else {
            throw Rejection(.forgedSource, "property reply_to is not the asker's own address")
        }
        address = Question.Address(asker: header.source, run: run, id: header.id)
        lifetimeMilliseconds = message.expiration.flatMap { Int64($0) }
        subject = Result { () throws(Rejection) in try Question.Subject(delivery, header) }
    }
}

extension Question {
    /// Reads a question that has to be one.
    package init(_ delivery: Delivery, to hie: HIEIdentifier, from askers: Set<HIEIdentifier>) throws(Rejection) {
        let incoming = try IncomingQuestion(delivery, to: hie, from: askers)
        address = incoming.address
        subject = try incoming.subject.get()
        lifetimeMilliseconds = incoming.lifetimeMilliseconds
    }
}

/// Tells the runs of an HIE's workers apart: 1 to 32 lowercase letters or digits.
package struct WorkerRun: Sendable, Hashable {
    package let text: String

    package init?(_ text: some StringProtocol) {
        let isRun = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard (1...32).contains(text.utf8.count), isRun else { return nil }
        self.text = String(text)
    }

    /// One that nobody else has.
    package init(using generator: inout some RandomNumberGenerator) {
        text = String(generator.next() as UInt64, radix: 36)
    }
}

extension Question.Subject {
    fileprivate var kind: MessageHeader.Kind {
        switch self {
        case .changes: .changesRead
        case .buckets: .bucketsRead
        case .state: .stateRead
        case .record: .recordRead
        }
    }

    fileprivate var body: [UInt8] {
        var writer = JSONWriter(capacity: 64)
        writer.object { json in
            switch self {
            case .changes(let after, let through):
                json.member("after", after)
                json.member("through", through)
            case .buckets(let buckets, let after):
                json.member("after", after)
                json.array("buckets") { for bucket in buckets.numbers { $0.element(bucket) } }
            case .state(let witness):
                json.member("through", witness.through)
            case .record(let request):
                request.write(to: &json)
            }
        }
        return writer.bytes
    }

    fileprivate init(_ delivery: Delivery, _ header: MessageHeader) throws(Rejection) {
        guard delivery.message.body.count <= Question.lengthMaxBytes, !delivery.isTruncated else {
            throw Rejection(.schema, "a question has at most \(Question.lengthMaxBytes) bytes")
        }
        let json: JSON
        do {
            json = try JSON.parse(delivery.message.body)
        } catch {
            throw Rejection(.undecodable, "a question that is not JSON: \(error)")
        }
        switch header.kind {
        case .changesRead:
            let after = try Self.number("after", of: json)
            let through = json["through"] == nil ? nil : try Self.number("through", of: json)
            guard through.map({ $0 >= after }) ?? true else {
                throw Rejection(.schema, "member through of a question must not be below after")
            }
            self = .changes(after: after, through: through)
        case .bucketsRead:
            let numbers = (json["buckets"]?.elements ?? []).map { $0.integer.flatMap(Int.init(exactly:)) ?? -1 }
            guard let buckets = BucketSet(numbers) else {
                throw Rejection(.schema, "member buckets must be a list of numbers below \(BucketDigest.bucketCount)")
            }
            self = .buckets(buckets, after: try Self.number("after", of: json))
        case .stateRead:
            self = .state(JournalWitness(epoch: header.epoch, through: try Self.number("through", of: json)))
        case .recordRead:
            self = .record(try RecordRequest(json))
        case .changes, .pulse, .changesPage, .bucketsPage, .state, .recordPage, .refusal:
            throw Rejection(.unknownType, "a \(header.kind.rawValue) message is no question")
        }
    }

    private static func number(_ name: String, of json: JSON) throws(Rejection) -> Int64 {
        guard let number = json[name]?.integer, number >= 0 else {
            throw Rejection(.schema, "member \(name) of a question must be an integer, not negative")
        }
        return number
    }
}
