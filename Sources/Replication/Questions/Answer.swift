package import AMQP
package import CareRecord

/// What the asked HIE says.
package enum Answer: Sendable, Equatable {
    case changes(IncomingBatch, head: Int64)
    case buckets(IncomingBuckets)
    case state(JournalSummary)
    /// One of several pages.
    case record(IncomingRecordPage)
    /// It does not answer, and why.
    case refusal(reason: String)
}

/// A journal's epoch, head and digest at one moment.
package struct JournalSummary: Sendable, Equatable {
    package let epoch: Epoch
    package let head: Int64
    package let digest: BucketDigest

    package init(epoch: Epoch, head: Int64, digest: BucketDigest) {
        self.epoch = epoch
        self.head = head
        self.digest = digest
    }
}

/// A page of buckets as it was read, and a letter for each line that could not be.
package struct IncomingBuckets: Sendable, Equatable {
    package let page: BucketPage
    package let letters: [DeadLetter]

    package init(page: BucketPage, letters: [DeadLetter] = []) {
        self.page = page
        self.letters = letters
    }
}

/// What is sent back: the answer's bytes, before anybody has read them.
package enum Reply: Sendable, Equatable {
    case page(JournalPage, of: Question.Subject)
    case state(JournalState)
    case record(RecordPage)
    case refusal(reason: String)
}

extension Reply {
    package static let lengthMaxBytes = 8 * 1024 * 1024
    /// The reason of a refusal that is over soon.
    package static let busy = "busy"

    /// The message to the asker.
    package func message(from hie: HIEIdentifier, to address: Question.Address, sentAt: Timestamp) -> Outgoing {
        var headers: [String: Field] = [:]
        var epoch: Epoch?
        var id = "\(address.id)/answer"
        let kind: MessageHeader.Kind
        let body: [UInt8]
        switch self {
        case .page(let page, let subject):
            epoch = page.epoch
            headers[HeaderName.after] = .int(page.after)
            headers[HeaderName.through] = .int(page.through)
            headers[HeaderName.head] = .int(page.head)
            kind = subject.buckets == nil ? .changesPage : .bucketsPage
            if let buckets = subject.buckets { headers[HeaderName.buckets] = .string(buckets.text) }
            body = page.body
        case .state(let state):
            epoch = state.epoch
            kind = .state
            body = state.body
        case .record(let page):
            id += "/\(page.number)"
            kind = .recordPage
            body = page.body
        case .refusal(let reason):
            kind = .refusal
            var writer = JSONWriter(capacity: 64)
            writer.object { $0.member("reason", reason) }
            body = writer.bytes
        }
        let header = MessageHeader(kind, source: hie, epoch: epoch, id: id, sentAt: sentAt)
        let isPage = kind == .changesPage || kind == .bucketsPage
        var message = header.message(
            contentType: isPage ? ChangeBatch.contentType : Question.contentType, body: body, headers: headers)
        message.isPersistent = false
        message.correlationID = address.id
        return Outgoing(
            message: message, exchange: BrokerNames.repliesExchange,
            routingKey: BrokerNames.replyKey(address.asker, run: address.run.text))
    }
}

extension Answer {
    /// Reads an answer to this run's questions. `sources` are those who were asked on this link.
    package static func read(
        _ delivery: Delivery, to hie: HIEIdentifier, run: WorkerRun, queue: String, from sources: Set<HIEIdentifier>,
        vouchedBy voucher: Voucher = .nobody
    ) throws(Rejection) -> (source: HIEIdentifier, questionID: String, answer: Answer) {
        let header = try MessageHeader(
            delivery, on: .replies(to: hie, run: run.text), from: sources, vouchedBy: voucher)
        guard let id = delivery.message.correlationID else {
            throw Rejection(.schema, "property correlation_id must say which question is answered")
        }
        return (header.source, id, try Answer(delivery, header, queue: queue))
    }

    private init(_ delivery: Delivery, _ header: MessageHeader, queue: String) throws(Rejection) {
        switch header.kind {
        case .changesPage:
            self = .changes(
                try IncomingBatch(delivery, header: header, queue: queue), head: try Self.head(delivery))
        case .bucketsPage:
            self = .buckets(try IncomingBuckets(delivery, header, queue: queue))
        case .state:
            self = .state(try JournalSummary(delivery, header))
        case .recordPage:
            guard delivery.message.body.count <= Reply.lengthMaxBytes, !delivery.isTruncated else {
                throw Rejection(.schema, "a page has at most \(Reply.lengthMaxBytes) bytes")
            }
            self = .record(try IncomingRecordPage(body: delivery.message.body))
        case .refusal:
            let reason = (try? JSON.parse(delivery.message.body))?["reason"]?.text
            let bytes = (reason ?? "no reason given").utf8.prefix(Self.reasonMaxBytes)
            self = .refusal(reason: String(decoding: bytes, as: UTF8.self))
        case .changes, .pulse, .changesRead, .bucketsRead, .stateRead, .recordRead:
            throw Rejection(.unknownType, "a \(header.kind.rawValue) message is no answer")
        }
    }

    private static let reasonMaxBytes = 400

    fileprivate static func head(_ delivery: Delivery) throws(Rejection) -> Int64 {
        guard let head = delivery.message.headers[HeaderName.head]?.int, head >= 0 else {
            throw Rejection(.schema, "header \(HeaderName.head) must be an integer, not negative")
        }
        return head
    }
}

extension IncomingBuckets {
    fileprivate init(_ delivery: Delivery, _ header: MessageHeader, queue: String) throws(Rejection) {
        let range = try ChangeRange(delivery, header: header)
        guard let buckets = delivery.message.headers[HeaderName.buckets]?.text.flatMap(BucketSet.init(text:)) else {
            throw Rejection(.schema, "header \(HeaderName.buckets) must be numbers of buckets, parted by commas")
        }
        let lines = try ChangeLines(delivery, source: header.source, queue: queue) { seq throws(Rejection) in
            guard seq > range.after, seq <= range.through else {
                throw Rejection(.schema, "change \(seq) is outside the range that the headers name")
            }
        }
        let isSound = lines.changes.allSatisfy { change in
            guard case .put = change.effect else { return false }
            return buckets.contains(change.key.patient)
        }
        guard isSound else { throw Rejection(.schema, "a change of a page is not a put of the page's buckets") }
        page = BucketPage(
            source: header.source, epoch: try header.requiredEpoch(), head: try Answer.head(delivery),
            buckets: buckets, after: range.after, through: range.through, changes: lines.changes,
            gaps: lines.letters.compactMap(Gap.init(of:)))
        letters = lines.letters
    }
}

extension JournalSummary {
    fileprivate init(_ delivery: Delivery, _ header: MessageHeader) throws(Rejection) {
        guard let json = try? JSON.parse(delivery.message.body), let head = json["head"]?.integer, head >= 0,
            let digest = json["digest"]?.text.flatMap(BucketDigest.init(hexadecimal:))
        else { throw Rejection(.schema, "a state must have a head and the digest's buckets in hexadecimal digits") }
        self.init(epoch: try header.requiredEpoch(), head: head, digest: digest)
    }
}

extension JournalState {
    fileprivate var body: [UInt8] {
        var writer = JSONWriter(capacity: 4200)
        writer.object {
            $0.member("head", head)
            $0.member("digest", digest.hexadecimal)
        }
        return writer.bytes
    }
}

extension Question.Subject {
    fileprivate var buckets: BucketSet? {
        guard case .buckets(let buckets, _) = self else { return nil }
        return buckets
    }
}

extension BucketSet {
    /// The numbers, parted by commas.
    fileprivate var text: String { numbers.map { String($0) }.joined(separator: ",") }

    fileprivate init?(text: String) {
        self.init(text.split(separator: ",").map { Int($0) ?? -1 })
    }
}
