package import AMQP
package import CareRecord

/// What a dead letter is about, as far as it can be read: it was refused, so any of this may be missing.
package struct LetterSubject: Sendable, Hashable {
    package enum Form: String, Sendable {
        /// A whole message.
        case message
        /// One line of a message whose other lines stand: its number counts as applied.
        case change
    }

    package let form: Form
    package var epoch: Epoch?
    /// The range of the message, also of the one that a line was taken from.
    package var after: Int64?
    package var through: Int64?
    /// Of a line, or of the only line of a message.
    package var seq: Int64?
    package var resource: ResourceKey?
    package var patient: NHSNumber?

    package init(form: Form) { self.form = form }

    /// Reads what can be read, however damaged the rest is.
    package init(_ form: Form, of message: Message) {
        self.form = form
        epoch = message.headers[HeaderName.epoch]?.text.flatMap(Epoch.init)
        if let after = message.headers[HeaderName.after]?.int, let through = message.headers[HeaderName.through]?.int,
            0 <= after, after <= through
        {
            self.after = after
            self.through = through
        }
        guard message.body.count <= ChangeLine.lengthMaxBytes, let line = try? JSON.parse(message.body).object else {
            return
        }
        seq = line["seq"]?.integer.flatMap { $0 > 0 ? $0 : nil }
        resource = line["resource"]?.text.flatMap { ResourceKey(reference: $0) }
        patient = line["patient"]?.text.flatMap { NHSNumber($0) }
    }

    /// The numbers that count as applied and are not, for a line.
    package var missing: (after: Int64, through: Int64)? {
        guard form == .change else { return nil }
        if let seq, after.map({ $0 < seq }) ?? true, through.map({ seq <= $0 }) ?? true { return (seq - 1, seq) }
        guard let after, let through, after < through else { return nil }
        return (after, through)
    }
}
