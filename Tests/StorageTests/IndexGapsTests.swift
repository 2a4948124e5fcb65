import CareRecord
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = HIEIdentifier("barts")!  // a well-formed constant
private let kingston = HIEIdentifier("kingston")!  // a well-formed constant
private let patient = FHIRFixture.number(1)
private let epoch = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant

private func put(_ seq: Int64) -> Change {
    let key = EntryKey(patient: patient, resource: ResourceKey(type: "Condition", id: "c\(seq)")!)  // a constant
    return Change(seq: seq, key: key, effect: .put(Facts(category: .condition, code: "\(seq)")))
}

private func redemption(_ seq: Int64, plan: Int64 = 1) -> Redemption {
    Redemption(
        letter: .sample(seq), plan: plan,
        batch: ChangeBatch(source: barts, epoch: epoch, after: seq - 1, through: seq, changes: [put(seq)]))
}

/// An index to which ten changes came, none of which could be read.
private struct Gappy {
    let directory: TemporaryDirectory
    let store: IndexStore

    init(_ count: Int64 = 10) async throws {
        directory = try TemporaryDirectory()
        store = try IndexStore(path: directory.file("index.sqlite"))
        _ = try await store.apply([
            ChangeBatch(
                source: barts, epoch: epoch, after: 0, through: count, changes: [], gaps: (1...count).map(Gap.sample))
        ])
    }

    func sqlite(_ sql: String) async throws -> String {
        try await Subprocess.run("/usr/bin/sqlite3", [directory.file("index.sqlite"), sql])
    }
}

@Suite("Gaps of the index store") struct IndexGapsTests {
    @Test("gaps are read in pages, each once, and counted by source") func pages() async throws {
        let index = try await Gappy()
        var found: [Gap] = []
        while true {
            let page = try await index.store.gaps(of: barts, after: found.last?.letter, limit: 3)
            #expect(page.count <= 3)
            if page.isEmpty { break }
            found += page
        }
        #expect(Set(found) == Set((1...10).map(Gap.sample)) && found.count == 10)
        #expect(try await index.store.gapCounts() == [barts: 10])
        #expect(try await index.store.gaps(of: kingston, limit: 3) == [])
    }

    @Test("letters are redeemed in one transaction; what each came to is kept over a restart, until it is forgotten")
    func redeemed() async throws {
        let index = try await Gappy()
        let all = [redemption(3), redemption(1), redemption(11), redemption(3, plan: 2)]
        #expect(try await index.store.foresee(all) == [.applied, .applied, .applied, .applied])
        let (verdicts, sources) = try await index.store.redeem(all)
        #expect(verdicts == [.applied, .applied, .applied, .duplicate])
        #expect(sources[barts]?.progress.applied.watermark == 11)
        #expect(try await index.store.gapCounts() == [barts: 8])
        #expect(try await index.store.entries(of: patient).map(\.seq).sorted() == [1, 3, 11])
        let again = try IndexStore(path: index.directory.file("index.sqlite"))
        #expect(try await again.redeem(all).verdicts == verdicts)
        #expect(try await again.foresee(all) == verdicts)
        try await again.forgetRedeemed(plan: 1)
        #expect(try await again.foresee(all) == [.duplicate, .duplicate, .duplicate, .duplicate])
        #expect(try await index.sqlite("SELECT plan, count(*) FROM redeemed GROUP BY plan") == "2|1\n")
    }

    @Test("nothing of a call is kept when one of its statements fails") func atomic() async throws {
        let index = try await Gappy()
        _ = try await index.sqlite(
            """
            CREATE TRIGGER refusal BEFORE INSERT ON entry WHEN new.seq = 2
            BEGIN SELECT raise(ABORT, 'refused'); END
            """)
        await #expect(throws: StorageError.self) {
            try await index.store.redeem([redemption(1), redemption(2), redemption(3)])
        }
        #expect(try await index.store.entries(of: patient).isEmpty)
        #expect(try await index.store.gapCounts() == [barts: 10])
        #expect(try await index.sqlite("SELECT count(*) FROM redeemed") == "0\n")
        // The file is as it was, and so is how it is written.
        _ = try await index.sqlite("DROP TRIGGER refusal")
        #expect(try await index.store.redeem([redemption(2)]).verdicts == [.applied])
        let level = try await index.store.file.write {
            try PreparedStatement($0, "PRAGMA synchronous").first { $0.int(0) }
        }
        #expect(level == 1)
    }

    @Test("a plan's notes are forgotten however many they are") func forgotten() async throws {
        let index = try await Gappy(1)
        _ = try await index.sqlite(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
            INSERT INTO redeemed SELECT i % 2, i / 7, randomblob(32), 'applied', NULL FROM n
            """)
        try await index.store.forgetRedeemed(plan: 1)
        #expect(try await index.sqlite("SELECT plan, count(*) FROM redeemed GROUP BY plan") == "0|12500\n")
        try await index.store.forgetRedeemed(plan: 7)
        try await index.store.forgetRedeemed(plan: 0)
        #expect(try await index.sqlite("SELECT count(*) FROM redeemed") == "0\n")
    }

    @Test("closed gaps are gone, with the withdrawals that were kept for their sake") func closed() async throws {
        let index = try await Gappy(2)
        let withdrawal = Change(seq: 3, key: put(1).key, effect: .withdraw)
        _ = try await index.store.apply([
            ChangeBatch(source: barts, epoch: epoch, after: 2, through: 3, changes: [withdrawal])
        ])
        #expect(try await index.sqlite("SELECT seq FROM tombstone") == "3\n")
        #expect(try await index.store.closeGaps([.sample(2), .sample(5)], of: barts).hasGaps)
        #expect(try await index.sqlite("SELECT seq FROM tombstone") == "3\n")
        #expect(try await index.store.closeGaps([.sample(1)], of: barts).hasGaps == false)
        #expect(try await index.sqlite("SELECT count(*) FROM tombstone") == "0\n")
        #expect(try await index.store.redeem([redemption(1)]).verdicts == [.superseded(by: nil)])
    }

    @Test("what a source has of one record is found by patient and resource") func entry() async throws {
        let index = try await Gappy(2)
        _ = try await index.store.redeem([redemption(1)])
        #expect(try await index.store.entry(of: barts, put(1).key)?.seq == 1)
        #expect(try await index.store.entry(of: barts, put(2).key) == nil)
        #expect(try await index.store.entry(of: kingston, put(1).key) == nil)
        let other = EntryKey(patient: FHIRFixture.number(2), resource: put(1).key.resource)
        #expect(try await index.store.entry(of: barts, other) == nil)
    }

    @Test("withdrawals, gaps and notes are found by their indexes, however many there are") func plans() async throws {
        let index = try await Gappy(1)
        let plans = [
            "DELETE FROM tombstone WHERE source = 1 AND seq <= 5": "tombstone_seq (source=? AND seq<?)",
            "SELECT min(after) FROM gap WHERE source = 1": "gap_after (source=?)",
            "SELECT letter, after, through, present FROM gap WHERE source = 1 AND after >= 1 AND after < 5 AND through > 1":
                "gap_after (source=? AND after>? AND after<?)",
            "SELECT letter, after, through, present FROM gap WHERE source = 1 AND through > after + 1 AND through > 7 AND after < 7":
                "gap_wide (source=? AND through>?)",
        ]
        for (sql, plan) in plans {
            let found = try await index.sqlite("EXPLAIN QUERY PLAN \(sql)")
            #expect(found.contains(plan), "\(sql): \(found)")
        }
    }
}
