import AMQP
import CareRecord

/// What makes two letters the same one: a message that comes again, or the same line in another message of the same
/// journal. SHA-256 of the content, 32 bytes.
package struct LetterIdentity: Sendable, Hashable {
    package static let lengthBytes = 32

    package let bytes: [UInt8]

    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.lengthBytes else { return nil }
        self.bytes = bytes
    }

    /// Of the letter as it came: what was edited later does not count.
    package init(of letter: DeadLetter) {
        var writer = JSONWriter(capacity: 256)
        writer.array { json in
            json.element(letter.subject.form.rawValue)
            json.element(letter.source?.text ?? "")
            switch letter.subject.form {
            case .change:
                json.element(letter.subject.epoch?.text ?? "")
            case .message:
                json.element(letter.exchange)
                json.element(letter.routingKey)
                // A message that was delivered twice differs in nothing but what brokers put on it.
                var sent = letter.message
                for name in Message.brokerHeaders { sent.headers[name] = nil }
                json.element(sent.propertiesText)
            }
        }
        bytes = SHA256.digest(writer.bytes + letter.message.body)
    }

    package var text: String { bytes.hexadecimal }
}

/// Numbers of a journal that count as applied and are not: their change was parked.
package struct Gap: Sendable, Hashable {
    package let letter: LetterIdentity
    /// Exclusive.
    package let after: Int64
    package let through: Int64

    package init(letter: LetterIdentity, after: Int64, through: Int64) {
        self.letter = letter
        self.after = after
        self.through = through
    }

    /// `nil` for a letter that leaves none.
    package init?(of letter: DeadLetter) {
        guard let missing = letter.subject.missing else { return nil }
        self.init(letter: LetterIdentity(of: letter), after: missing.after, through: missing.through)
    }
}
