package import AMQP
package import CareRecord
import GRDB
package import Replication

/// What a bulk act came to.
package enum BulkOutcome: Sendable {
    case done([LetterNote])
    /// Nothing was done: there are so many letters.
    case otherCount(Int)
}

extension DeadLetterStore {
    /// Stores another content of a letter that is parked and is still what `contentHash` says; the first content is
    /// kept. Returns whether it was stored.
    package func edit(
        _ letter: ParkedLetter, to message: Message, _ subject: LetterSubject, routingKey: String,
        source: HIEIdentifier?, rejection: Rejection, _ event: LetterEvent
    ) async throws(StorageError) -> Bool {
        try await file.write { database in
            let check = try PreparedStatement(
                database, "SELECT lower(hex(contentHash)) FROM letter WHERE id = ? AND state = 'parked'")
            check.bind(letter.row.id, at: 1)
            guard try check.first({ $0.text(0) }) == letter.row.contentHash else { return false }
            let writer = try LetterWriter(database)
            try writer.edit(
                letter.row.id, message, subject, routingKey: routingKey, source: source, rejection: rejection)
            try LetterWriter.note(event, of: letter.row.id, in: database)
            return true
        }
    }

    /// Discards the parked letters that the filter finds, if there are `count` of them.
    package func discard(
        _ filter: LetterFilter, expecting count: Int, _ event: LetterEvent
    ) async throws(StorageError) -> BulkOutcome {
        var filter = filter
        filter.states = [.parked]
        return try await move(
            filter, expecting: count, "state = 'discarded', endedAt = \(event.at.milliseconds)", event)
    }

    /// Parks again the discarded letters that the filter finds, if there are `count` of them.
    package func restore(
        _ filter: LetterFilter, expecting count: Int, _ event: LetterEvent
    ) async throws(StorageError) -> BulkOutcome {
        var filter = filter
        filter.states = [.discarded]
        return try await move(filter, expecting: count, "state = 'parked', endedAt = NULL", event)
    }

    private func move(
        _ filter: LetterFilter, expecting count: Int, _ assignments: String, _ event: LetterEvent
    ) async throws(StorageError) -> BulkOutcome {
        try await file.write { database in
            let condition = LetterCondition(filter, now: event.at)
            let select = try PreparedStatement(
                database, "SELECT \(Self.noteColumns) FROM letter \(condition.clause) ORDER BY id")
            condition.bind(to: select)
            let notes = try Self.notes(select)
            guard notes.count == count else { return .otherCount(notes.count) }
            let update = try PreparedStatement(database, "UPDATE letter SET \(assignments) WHERE id = ?")
            for note in notes {
                update.bind(note.id, at: 1)
                try update.run()
                try LetterWriter.note(event, of: note.id, in: database)
            }
            return .done(notes)
        }
    }

    /// Takes in a letter of an export, unless it is here already. Returns what waits now, and whether it is new.
    package func take(_ letters: [ImportedLetter], _ event: LetterEvent) async throws(StorageError) -> (
        notes: [LetterNote], known: Int
    ) {
        try await file.write { database in
            var writer = try LetterWriter(database)
            let find = try PreparedStatement(database, "SELECT 1 FROM letter WHERE identity = ?")
            var notes: [LetterNote] = []
            var known = 0
            for letter in letters {
                find.bind(blob: letter.identity.bytes, at: 1)
                if try find.first({ $0.int(0) }) != nil {
                    known += 1
                    continue
                }
                let note = try writer.park(
                    letter.original, as: letter.identity, broker: letter.broker,
                    firstSeen: letter.firstSeen.milliseconds,
                    lastSeen: letter.lastSeen.milliseconds, count: Int64(letter.count))
                guard let note else { continue }
                if let edited = letter.edited {
                    try writer.edit(
                        note.id, edited.message, edited.subject, routingKey: edited.routingKey, source: edited.source,
                        rejection: edited.rejection)
                }
                try LetterWriter.note(event, of: note.id, in: database)
                notes.append(note)
            }
            return (notes, known)
        }
    }
}

/// A letter that comes from an export.
package struct ImportedLetter: Sendable {
    /// What it was known by where it first came; an edit since may have changed what that was made of.
    package let identity: LetterIdentity
    /// As it first came.
    package let original: DeadLetter
    /// As it is, where it was edited.
    package let edited: DeadLetter?
    package let broker: String?
    package let firstSeen: Timestamp
    package let lastSeen: Timestamp
    package let count: Int

    package init(
        identity: LetterIdentity, original: DeadLetter, edited: DeadLetter?, broker: String?, firstSeen: Timestamp,
        lastSeen: Timestamp,
        count: Int
    ) {
        self.identity = identity
        self.original = original
        self.edited = edited
        self.broker = broker
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.count = count
    }
}
