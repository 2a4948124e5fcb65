package import AMQP
package import CareRecord

/// The header that marks a replayed message: which letter of whose plan it is, as `barts/12/4711`.
package struct ReplayMark: Sendable, Hashable {
    /// The worker that replays.
    package let seat: Seat
    package let plan: Int64
    package let letter: Int64

    package init(seat: Seat, plan: Int64, letter: Int64) {
        self.seat = seat
        self.plan = plan
        self.letter = letter
    }

    /// `nil` where the message is not marked, or not in this form.
    package init?(_ message: Message) {
        guard let parts = message.headers[HeaderName.replay]?.text?.split(separator: "/"), parts.count == 3,
            let seat = Seat(parts[0]), let plan = Int64(parts[1]), let letter = Int64(parts[2])
        else { return nil }
        self.init(seat: seat, plan: plan, letter: letter)
    }

    package var text: String { "\(seat)/\(plan)/\(letter)" }
}

extension Message {
    /// What brokers put on a message on its way, and what a client may have put there to look like it.
    package static let brokerHeaders: Set<String> = [
        "x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason", "x-last-death-exchange",
        "x-last-death-queue", "x-last-death-reason", "x-delivery-count", "x-received-from",
    ]

    /// What nobody may give a message by an edit: brokers' own headers, those that the contract refuses, and the mark.
    package static let headersNotToSet = brokerHeaders.union(["CC", "BCC", HeaderName.replay])

    /// The message to send again: id, type and content as they were, marked as a replay.
    package func marked(_ mark: ReplayMark, _ subject: LetterSubject) -> Message {
        var message = self
        message.prepare(subject)
        message.mark(mark)
        return message
    }

    /// From here on it is sent by another than the one who sent it first.
    package mutating func mark(_ mark: ReplayMark) {
        headers[HeaderName.replay] = .string(mark.text)
        userID = nil
    }

    /// Takes off what brokers put on it and a time to live that is over. A line becomes a message of its own. Who sent
    /// it first stays to be read.
    package mutating func prepare(_ subject: LetterSubject) {
        for name in Self.brokerHeaders { headers[name] = nil }
        headers[HeaderName.replay] = nil
        expiration = nil
        replyTo = nil
        isPersistent = true
        guard subject.form == .change, let missing = subject.missing else { return }
        let kind = MessageHeader.Kind.changes.rawValue
        type = kind
        correlationID = nil
        contentType = ChangeBatch.contentType
        headers[HeaderName.type] = .string(kind)
        headers[HeaderName.after] = .int(missing.after)
        headers[HeaderName.through] = .int(missing.through)
        headers[HeaderName.head] = nil
        headers[HeaderName.buckets] = nil
    }
}
