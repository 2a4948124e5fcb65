package import CareRecord
import GRDB
package import Replication

/// Parked changes as the index knows them.
extension IndexStore {
    /// Applies letters after all, in one transaction; see `IndexTransaction.redeem`.
    package func redeem(
        _ redemptions: [Redemption]
    ) async throws(StorageError) -> (verdicts: [LetterVerdict], sources: [HIEIdentifier: IndexedSource]) {
        try await transaction { try $0.redeem(redemptions) }
    }

    /// What redeeming each of these would do now, in one snapshot.
    package func foresee(_ redemptions: [Redemption]) async throws(StorageError) -> [LetterVerdict] {
        guard !redemptions.isEmpty else { return [] }
        return try await file.read { database in
            let transaction = IndexTransaction(try IndexFile(database))
            var sources: [HIEIdentifier: IndexedSource?] = [:]
            return try redemptions.map { redemption in
                let hie = redemption.batch.source
                let source = try sources[hie] ?? SourceRow.find(hie, in: database)?.source
                sources[hie] = .some(source)
                return try transaction.foresee(redemption, in: source)
            }
        }
    }

    /// What redeeming this letter in the plan came to, where it was.
    package func outcome(of letter: LetterIdentity, plan: Int64) async throws(StorageError) -> LetterVerdict? {
        try await file.read { try IndexFile($0).outcome(of: letter, plan: plan) }
    }

    /// Forgets what was noted of a plan that is over.
    package func forgetRedeemed(plan: Int64) async throws(StorageError) {
        try await file.write { database in
            let delete = try PreparedStatement(database, "DELETE FROM redeemed WHERE plan = ?")
            delete.bind(plan, at: 1)
            try delete.run()
        }
    }

    /// Removes the gaps of these letters. Returns the source as it is then.
    package func closeGaps(
        _ letters: [LetterIdentity], of hie: HIEIdentifier
    ) async throws(StorageError) -> IndexedSource? {
        try await transaction { try $0.closeGaps(letters, of: hie) }
    }

    /// Gaps by source, those without any left out.
    package func gapCounts() async throws(StorageError) -> [HIEIdentifier: Int64] {
        try await file.read { database in
            var counts: [HIEIdentifier: Int64] = [:]
            let select = try PreparedStatement(
                database, "SELECT hie, count(*) FROM gap JOIN source ON source.id = gap.source GROUP BY hie")
            try select.each { row in
                if let hie = row.text(0).flatMap({ HIEIdentifier($0) }) { counts[hie] = row.int(1) }
                return true
            }
            return counts
        }
    }

    /// Gaps of a source in order of their letter, those behind `letter`.
    package func gaps(
        of hie: HIEIdentifier, after letter: LetterIdentity?, limit: Int
    ) async throws(StorageError) -> [Gap] {
        try await file.read { database in
            let select = try PreparedStatement(
                database,
                """
                SELECT letter, rangeAfter, rangeThrough FROM gap
                WHERE source = (SELECT id FROM source WHERE hie = ?) AND letter > ? ORDER BY letter LIMIT \(limit)
                """)
            select.bind(hie.text, at: 1)
            select.bind(blob: letter?.bytes ?? [], at: 2)
            return try IndexFile.all(select)
        }
    }

    /// What the index holds of a record of a source.
    package func entry(of hie: HIEIdentifier, _ key: EntryKey) async throws(StorageError) -> IndexedEntry? {
        try await entries(of: key.patient).first { $0.source == hie && $0.resource == key.resource }
    }
}
