import AMQP
package import CareRecord
import GRDB
package import Replication

/// What parking made of a letter that waits now and did not before.
package struct LetterNote: Sendable, Hashable {
    package let id: Int64
    /// The HIE that is held for it. What reached nobody holds none: it says nothing of what the index has.
    package let source: HIEIdentifier?
    package let form: LetterSubject.Form
    package let resource: ResourceKey?
    package let patient: NHSNumber?

    package init(
        id: Int64, source: HIEIdentifier?, form: LetterSubject.Form, resource: ResourceKey?, patient: NHSNumber?
    ) {
        self.id = id
        self.source = source
        self.form = form
        self.resource = resource
        self.patient = patient
    }
}

extension LetterNote {
    init(id: Int64, source: HIEIdentifier?, queue: String, _ subject: LetterSubject) {
        self.init(
            id: id, source: queue == BrokerNames.unroutedQueue ? nil : source, form: subject.form,
            resource: subject.resource, patient: subject.patient)
    }

    package init(_ row: LetterRow) {
        self.init(id: row.id, source: row.source, queue: row.origin.queue, row.subject)
    }
}

/// Writes letters within one transaction.
struct LetterWriter {
    private let database: Database
    private let find: PreparedStatement
    private let insert: PreparedStatement
    private let insertContent: PreparedStatement
    private let again: PreparedStatement

    init(_ database: Database) throws {
        self.database = database
        find = try PreparedStatement(database, "SELECT id, state FROM letter WHERE identity = ?")
        insert = try PreparedStatement(
            database,
            """
            INSERT INTO letter
                (identity, cause, detail, source, type, messageID, broker, queue, exchange, routingKey, form, epoch,
                 rangeAfter, rangeThrough, seq, resource, patient, sizeBytes, contentHash, firstSeen, lastSeen, count)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                    ?22)
            """)
        insertContent = try PreparedStatement(
            database, "INSERT INTO content (letter, properties, body) VALUES (?, ?, ?)")
        again = try PreparedStatement(
            database,
            """
            UPDATE letter SET lastSeen = max(lastSeen, ?2), count = count + ?3,
                state = CASE state WHEN 'resolved' THEN 'parked' ELSE state END, resolution = NULL,
                endedAt = CASE state WHEN 'resolved' THEN NULL ELSE endedAt END
            WHERE id = ?1
            """)
    }

    /// Keeps the letter, or counts it once more. One that was resolved and comes again waits again; one that was
    /// discarded stays so. `nil` where nothing waits that did not before.
    mutating func park(
        _ letter: DeadLetter, as identity: LetterIdentity? = nil, broker: String?, firstSeen: Int64, lastSeen: Int64,
        count: Int64
    ) throws -> LetterNote? {
        let identity = identity ?? LetterIdentity(of: letter)
        find.bind(blob: identity.bytes, at: 1)
        if let (id, state) = try find.first({ ($0.int(0), $0.text(1)) }) {
            again.bind(id, at: 1)
            again.bind(lastSeen, at: 2)
            again.bind(count, at: 3)
            try again.run()
            guard state == LetterState.resolved.rawValue else { return nil }
            let by = LetterEvent(
                at: Timestamp(milliseconds: lastSeen), by: nil, act: "parked again", detail: "it came again")
            try Self.note(by, of: id, in: database)
            return letter.note(id: id)
        }
        let properties = letter.message.propertiesText
        insert.bind(blob: identity.bytes, at: 1)
        insert.bind(letter.rejection.cause.rawValue, at: 2)
        insert.bind(letter.rejection.detail, at: 3)
        insert.bind(letter.source?.text, at: 4)
        insert.bind(letter.message.type, at: 5)
        insert.bind(letter.message.messageID, at: 6)
        insert.bind(broker, at: 7)
        insert.bind(letter.queue, at: 8)
        insert.bind(letter.exchange, at: 9)
        insert.bind(letter.routingKey, at: 10)
        bind(letter.subject, to: insert, from: 11)
        insert.bind(Int64(letter.message.body.count), at: 18)
        insert.bind(blob: Self.contentHash(properties, letter.message.body), at: 19)
        insert.bind(firstSeen, at: 20)
        insert.bind(lastSeen, at: 21)
        insert.bind(count, at: 22)
        try insert.run()
        let id = database.lastInsertedRowID
        insertContent.bind(id, at: 1)
        insertContent.bind(properties, at: 2)
        insertContent.bind(blob: letter.message.body, at: 3)
        try insertContent.run()
        return letter.note(id: id)
    }

    /// Gives the letter another content; the first one is kept. Its cause is what a reader says of it now.
    func edit(
        _ id: Int64, _ message: Message, _ subject: LetterSubject, routingKey: String, source: HIEIdentifier?,
        rejection: Rejection
    ) throws {
        let keep = try PreparedStatement(
            database,
            """
            UPDATE content SET originalProperties = coalesce(originalProperties, properties),
                originalBody = coalesce(originalBody, body), properties = ?2, body = ?3 WHERE letter = ?1
            """)
        let properties = message.propertiesText
        keep.bind(id, at: 1)
        keep.bind(properties, at: 2)
        keep.bind(blob: message.body, at: 3)
        try keep.run()
        let update = try PreparedStatement(
            database,
            """
            UPDATE letter SET cause = ?2, detail = ?3, type = ?4, messageID = ?5, contentHash = ?6, sizeBytes = ?7,
                routingKey = ?8, source = coalesce(?9, source), isEdited = 1, form = ?10, epoch = ?11,
                rangeAfter = ?12, rangeThrough = ?13, seq = ?14, resource = ?15, patient = ?16
            WHERE id = ?1
            """)
        update.bind(id, at: 1)
        update.bind(rejection.cause.rawValue, at: 2)
        update.bind(rejection.detail, at: 3)
        update.bind(message.type, at: 4)
        update.bind(message.messageID, at: 5)
        update.bind(blob: Self.contentHash(properties, message.body), at: 6)
        update.bind(Int64(message.body.count), at: 7)
        update.bind(routingKey, at: 8)
        update.bind(source?.text, at: 9)
        bind(subject, to: update, from: 10)
        try update.run()
    }

    static func note(_ event: LetterEvent, of letter: Int64, in database: Database) throws {
        let insert = try PreparedStatement(
            database, "INSERT INTO event (letter, at, by, act, detail) VALUES (?, ?, ?, ?, ?)")
        insert.bind(letter, at: 1)
        insert.bind(event.at.milliseconds, at: 2)
        insert.bind(event.by, at: 3)
        insert.bind(event.act, at: 4)
        insert.bind(event.detail, at: 5)
        try insert.run()
    }

    static func contentHash(_ properties: String, _ body: [UInt8]) -> [UInt8] {
        SHA256.digest(Array(properties.utf8) + [0] + body)
    }

    /// Seven parameters: form, epoch, after, through, seq, resource, patient.
    private func bind(_ subject: LetterSubject, to statement: PreparedStatement, from index: Int32) {
        statement.bind(subject.form.rawValue, at: index)
        statement.bind(subject.epoch?.text, at: index + 1)
        statement.bind(subject.after, at: index + 2)
        statement.bind(subject.through, at: index + 3)
        statement.bind(subject.seq, at: index + 4)
        statement.bind(subject.resource?.reference, at: index + 5)
        statement.bind(subject.patient?.value, at: index + 6)
    }
}

extension DeadLetter {
    fileprivate func note(id: Int64) -> LetterNote {
        LetterNote(id: id, source: source, queue: queue, subject)
    }
}
