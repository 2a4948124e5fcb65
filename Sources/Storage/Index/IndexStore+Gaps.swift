package import CareRecord
import GRDB
package import Replication

extension IndexStore {
    /// Notes that are forgotten in one transaction.
    static let forgottenAtOnceMax: Int64 = 10_000

    /// Applies dead letters after all, in one transaction. Returns what became of each, and how far the sources are.
    /// A power cut may take it back after the letters are settled: then their gaps are open again, which tells.
    package func redeem(
        _ all: [Redemption]
    ) async throws(StorageError) -> (verdicts: [LetterVerdict], sources: [HIEIdentifier: IndexedSource]) {
        try await transaction { try $0.redeem(all) }
    }

    /// What `redeem` would answer for each now, all of one snapshot.
    package func foresee(_ all: [Redemption]) async throws(StorageError) -> [LetterVerdict] {
        try await file.read { try IndexTransaction(try IndexFile($0)).foresee(all) }
    }

    /// What redeeming this letter in the plan came to, where it was.
    package func outcome(of redemption: Redemption) async throws(StorageError) -> LetterVerdict? {
        try await file.read { try IndexFile($0).verdict(on: redemption) }
    }

    /// Forgets what the letters of a plan came to: once it is settled and nothing of it is on its way.
    package func forgetRedeemed(plan: Int64) async throws(StorageError) {
        var isDone = false
        while !isDone {
            isDone = try await file.write { database in
                let delete = try PreparedStatement(
                    database,
                    """
                    DELETE FROM redeemed WHERE plan = ?1 AND (number, letter) IN
                        (SELECT number, letter FROM redeemed WHERE plan = ?1 ORDER BY number, letter LIMIT ?2)
                    """)
                delete.bind(plan, at: 1)
                delete.bind(Self.forgottenAtOnceMax, at: 2)
                try delete.run()
                return Int64(database.changesCount) < Self.forgottenAtOnceMax
            }
        }
    }

    /// A page of a source's gaps in the order of their letters, those after `letter`.
    package func gaps(
        of hie: HIEIdentifier, after letter: LetterIdentity? = nil, limit: Int
    ) async throws(StorageError) -> [Gap] {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT letter, after, through FROM gap
                WHERE source = (SELECT id FROM source WHERE hie = ?1) AND letter > ?2 ORDER BY letter LIMIT ?3
                """)
            select.bind(hie.text, at: 1)
            select.bind(blob: letter?.bytes ?? [], at: 2)
            select.bind(Int64(limit), at: 3)
            var gaps: [Gap] = []
            try select.each { row in
                guard let letter = LetterIdentity(bytes: row.bytes(0)) else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                }
                gaps.append(Gap(letter: letter, after: row.int(1), through: row.int(2)))
                return true
            }
            return gaps
        }
    }

    /// How many changes of each source are missing although their numbers count as applied; only sources with some.
    package func gapCounts() async throws(StorageError) -> [HIEIdentifier: Int64] {
        try await file.read { database in
            let select = try PreparedStatement(
                database, "SELECT hie, count(*) FROM gap JOIN source ON source.id = gap.source GROUP BY gap.source")
            var counts: [HIEIdentifier: Int64] = [:]
            try select.each { row in
                guard let hie = row.text(0).flatMap({ HIEIdentifier($0) }) else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                }
                counts[hie] = row.int(1)
                return true
            }
            return counts
        }
    }

    /// Closes the gaps of letters that will not be applied any more.
    package func closeGaps(
        _ letters: [LetterIdentity], of hie: HIEIdentifier
    ) async throws(StorageError) -> IndexedSource {
        try await transaction { try $0.closeGaps(letters, of: hie) }
    }

    /// What the index holds of a record of this source.
    package func entry(
        of source: HIEIdentifier, _ key: EntryKey
    ) async throws(StorageError) -> IndexedEntry? {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT \(IndexedEntry.columns) FROM entry JOIN source ON source.id = entry.source
                WHERE patient = ?1 AND hie = ?2 AND type = ?3 AND entry.id = ?4
                """)
            select.bind(key.patient.value, at: 1)
            select.bind(source.text, at: 2)
            select.bind(key.resource.type, at: 3)
            select.bind(key.resource.id, at: 4)
            return try select.first(IndexedEntry.init)
        }
    }
}
