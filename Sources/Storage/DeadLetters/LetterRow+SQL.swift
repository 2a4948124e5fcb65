import AMQP
import CareRecord
import GRDB
import Replication

extension LetterRow {
    static let columns = """
        letter.id, letter.state, letter.resolution, letter.cause, detail, letter.source, type, messageID, broker, queue,
        exchange, routingKey, form, epoch, rangeAfter, rangeThrough, letter.seq, resource, patient, firstSeen, lastSeen,
        count, isEdited, sizeBytes, letter.contentHash
        """
    static let columnCount: Int32 = 25

    /// The columns of `columns`, from the first.
    init(_ row: borrowing PreparedStatement) throws {
        guard let state = row.text(1).flatMap(LetterState.init), let cause = row.text(3).flatMap(Rejection.Cause.init),
            let form = row.text(12).flatMap(LetterSubject.Form.init)
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        var subject = LetterSubject(form: form)
        subject.epoch = row.text(13).flatMap(Epoch.init)
        subject.after = row.optionalInt(14)
        subject.through = row.optionalInt(15)
        subject.seq = row.optionalInt(16)
        subject.resource = row.text(17).flatMap { ResourceKey(reference: $0) }
        subject.patient = row.optionalInt(18).flatMap { NHSNumber(value: $0) }
        self.init(
            id: row.int(0), state: state, resolution: row.text(2).flatMap(LetterResolution.init), cause: cause,
            detail: row.text(4) ?? "", source: row.text(5).flatMap { HIEIdentifier($0) }, type: row.text(6),
            messageID: row.text(7),
            origin: LetterOrigin(
                broker: row.text(8), queue: row.text(9) ?? "", exchange: row.text(10) ?? "",
                routingKey: row.text(11) ?? ""),
            subject: subject, firstSeen: Timestamp(milliseconds: row.int(19)),
            lastSeen: Timestamp(milliseconds: row.int(20)), count: Int(row.int(21)), isEdited: row.int(22) == 1,
            sizeBytes: Int(row.int(23)), contentHash: row.withBytes(24) { $0.hexadecimal })
    }
}

extension ParkedLetter {
    /// Behind the columns of a row.
    static let columns = "identity, properties, body, originalProperties, originalBody"
    static let select = "SELECT \(LetterRow.columns), \(columns) FROM letter JOIN content ON content.letter = letter.id"

    init(_ row: borrowing PreparedStatement) throws {
        let first = LetterRow.columnCount
        guard let identity = LetterIdentity(bytes: row.bytes(first)),
            let message = row.withBytes(first + 1, { Message(propertiesText: $0, body: row.bytes(first + 2)) })
        else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
        var original: Message?
        if !row.isNull(first + 3) {
            original = row.withBytes(first + 3) { Message(propertiesText: $0, body: row.bytes(first + 4)) }
        }
        self.init(row: try LetterRow(row), identity: identity, message: message, original: original)
    }
}
