package import CareRecord
import GRDB
import Replication

/// `audit.sqlite`: the access trail. Every event is synced to the disk before what it tells of is shown (promise P8),
/// and holds the hash of the one before it, so that a line that was changed or taken out shows.
package final class AuditStore: Sendable {
    static let cacheKibibytes = 1024
    private static let hashBytes = 32

    private let file: DatabaseFile

    package init(path: String) throws(StorageError) {
        file = try DatabaseFile(
            path, durability: .full, cacheKibibytes: Self.cacheKibibytes, schema: Self.schema)
    }

    /// Appends the events, in their order, in one transaction.
    package func append(_ events: [AccessEvent], now: Timestamp) async throws(StorageError) {
        try await file.write { database in
            let last = try PreparedStatement(database, "SELECT hash FROM event ORDER BY number DESC LIMIT 1")
            var hash = try last.first { $0.bytes(0) } ?? Self.beginning
            let insert = try PreparedStatement(
                database,
                """
                INSERT INTO event (at, kind, hie, patient, requester, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
            for event in events {
                let line = event.line(at: now)
                hash = line.hash(after: hash)
                insert.bind(line.at, at: 1)
                insert.bind(line.kind, at: 2)
                insert.bind(line.hie, at: 3)
                insert.bind(line.patient, at: 4)
                insert.bind(line.requester, at: 5)
                insert.bind(line.detail, at: 6)
                insert.bind(blob: hash, at: 7)
                try insert.run()
            }
        }
    }

    /// How many events there are of each of these kinds, those without any left out; their number is what it costs.
    package func counts(
        of kinds: [AccessEvent.Kind] = AccessEvent.Kind.allCases
    ) async throws(StorageError) -> [AccessEvent.Kind: Int] {
        try await file.read { database in
            let count = try PreparedStatement(database, "SELECT count(*) FROM event WHERE kind = ?")
            var counts: [AccessEvent.Kind: Int] = [:]
            for kind in kinds {
                count.bind(kind.rawValue, at: 1)
                let number = Int(try count.first { $0.int(0) } ?? 0)
                if number > 0 { counts[kind] = number }
            }
            return counts
        }
    }

    /// What somebody has to look into, the newest first.
    package func incidents(max: Int) async throws(StorageError) -> [Incident] {
        try await file.read { database in
            let kinds = AccessEvent.Kind.incidents.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            let select = try PreparedStatement(
                database,
                """
                SELECT number, kind, at, hie, detail FROM event WHERE kind IN (\(kinds)) ORDER BY number DESC LIMIT ?
                """)
            select.bind(Int64(max), at: 1)
            var incidents: [Incident] = []
            try select.each { row in
                guard let kind = row.text(1).flatMap(AccessEvent.Kind.init) else { return true }
                incidents.append(
                    Incident(
                        number: row.int(0), kind: kind, at: Timestamp(milliseconds: row.int(2)),
                        hie: row.text(3).flatMap { HIEIdentifier($0) }, detail: row.text(4) ?? ""))
                return true
            }
            return incidents
        }
    }

    /// The number of the first event that is not as it was written, or behind which one is missing; `nil` while the
    /// trail is whole. Events that were taken off its end leave no trace in it.
    package func firstBroken() async throws(StorageError) -> Int64? {
        try await file.read { database in
            var hash = Self.beginning
            var expected: Int64 = 1
            var broken: Int64?
            let rows = try PreparedStatement(
                database, "SELECT number, at, kind, hie, patient, requester, detail, hash FROM event ORDER BY number")
            try rows.each { row in
                let line = AuditLine(
                    at: row.int(1), kind: row.text(2) ?? "", hie: row.text(3), patient: row.optionalInt(4),
                    requester: row.text(5), detail: row.text(6) ?? "")
                hash = line.hash(after: hash)
                guard row.int(0) == expected, row.bytes(7) == hash else {
                    broken = expected
                    return false
                }
                expected += 1
                return true
            }
            return broken
        }
    }

    private static let beginning = [UInt8](repeating: 0, count: hashBytes)

    static let schema: [SchemaStep] = [
        SchemaStep(
            "v1",
            """
            CREATE TABLE event (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                at INTEGER NOT NULL,
                kind TEXT NOT NULL,
                hie TEXT,
                patient INTEGER,
                -- JSON: person, role, organisation, purpose.
                requester TEXT,
                detail TEXT NOT NULL,
                -- SHA-256 of the hash of the event before it and of this event as JSON.
                hash BLOB NOT NULL CHECK (length(hash) = 32)
            ) STRICT;
            CREATE INDEX eventOfKind ON event (kind, number);
            CREATE INDEX eventOfPatient ON event (patient, number) WHERE patient IS NOT NULL;
            """
        )
    ]
}

/// An event as it is stored and hashed.
private struct AuditLine {
    let at: Int64
    let kind: String
    let hie: String?
    let patient: Int64?
    let requester: String?
    let detail: String

    func hash(after before: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.array { json in
            json.element(at)
            json.element(kind)
            json.element(hie.map(JSON.string) ?? .null)
            json.element(patient.map { .number(String($0)) } ?? .null)
            json.element(requester.map(JSON.string) ?? .null)
            json.element(detail)
        }
        return SHA256.digest(before + writer.bytes)
    }
}

extension AccessEvent {
    fileprivate func line(at now: Timestamp) -> AuditLine {
        AuditLine(
            at: now.milliseconds, kind: kind.rawValue, hie: hie?.text, patient: patient?.value,
            requester: requester?.text, detail: detail)
    }
}

extension Requester {
    fileprivate var text: String {
        var writer = JSONWriter(capacity: 128)
        writer.object { json in
            json.member("person", person)
            json.member("role", role)
            json.member("organisation", organisation)
            json.member("purpose", purpose)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
