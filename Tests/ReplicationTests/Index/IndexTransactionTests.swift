import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

@Suite("Index transaction") struct IndexTransactionTests {
    @Test("promises P1 and P2: pages of any stretch, shuffled, repeated and grouped anyhow, give the source's entries")
    func anyOrder() throws {
        for seed in UInt64(0)..<150 {
            var random = SplitMix64(seed: seed)
            var stream = SampleStream(SampleSource(barts))
            try stream.run(steps: random.within(5...60), using: &random)
            var index = IndexTransaction(MemoryIndex())
            let arriving = random.shuffle(stream.batches + stream.batches.filter { _ in random.chance(percent: 30) })
            var applied = 0
            for group in random.groups(of: arriving, max: 5) {
                let outcome = try index.apply(group)
                applied += outcome.appliedBySource[barts] ?? 0
                let source = try #require(outcome.sources[barts])
                #expect(source.digest == index.rows.digest(source: source.id), "seed \(seed)")
            }
            try expect(index, isWhole: stream.source, "seed \(seed)")
            #expect(applied <= stream.source.head, "seed \(seed)")
        }
    }

    @Test("promise P2: of two epochs of one source, in any order, the later one's entries are left")
    func epochs() throws {
        for seed in UInt64(0)..<100 {
            var random = SplitMix64(seed: seed)
            var early = SampleStream(SampleSource(barts))
            var late = SampleStream(SampleSource(barts, epoch: SampleSource.late))
            var other = SampleStream(SampleSource(kingston))
            try early.run(steps: 25, using: &random)
            try late.run(steps: 25, using: &random)
            try other.run(steps: 25, using: &random)
            var index = IndexTransaction(MemoryIndex())
            var replaced: [HIEIdentifier] = []
            for group in random.groups(of: random.shuffle(early.batches + late.batches + other.batches), max: 8) {
                replaced += try index.apply(group).replaced
            }
            try expect(index, isWhole: late.source, "seed \(seed)")
            try expect(index, isWhole: other.source, "seed \(seed)")
            #expect(Set(replaced).isSubset(of: [barts]), "seed \(seed)")
        }
    }

    @Test("promise P2: more islands than are recorded cost a second delivery, and nothing else") func manyIslands()
        throws
    {
        var random = SplitMix64(seed: 5)
        var source = SampleSource(barts)
        for number in 0..<2100 {
            try source.set("Condition/c\(number % 40)", random.pick(SampleSource.patients), code: "\(number)")
        }
        let standing = Dictionary(uniqueKeysWithValues: try source.batch(after: 0).changes.map { ($0.seq, $0) })
        let single = (1...source.head).map { seq in
            ChangeBatch(
                source: barts, epoch: source.epoch, after: seq - 1, through: seq,
                changes: standing[seq].map { [$0] } ?? [])
        }
        var index = IndexTransaction(MemoryIndex())
        // The even numbers alone are islands all.
        for batch in single where batch.through.isMultiple(of: 2) { _ = try index.apply([batch]) }
        #expect(index.kept(barts).progress.applied.islands.count == AppliedRanges.islandsMax)
        for batch in random.shuffle(single) { _ = try index.apply([batch]) }
        var rounds = 0
        while index.kept(barts).progress.applied.watermark < source.head, rounds < 5 {
            _ = try index.apply(single)
            rounds += 1
        }
        try expect(index, isWhole: source, "many islands")
    }

    @Test("a message without changes makes the source known and moves its watermark") func empty() throws {
        var index = IndexTransaction(MemoryIndex())
        let batch = ChangeBatch(source: barts, epoch: SampleSource.early, after: 0, through: 9, changes: [])
        let applied = try index.apply([batch])
        #expect(
            applied.sources[barts]?.progress
                == SourceProgress(
                    epoch: SampleSource.early, applied: AppliedRanges(watermark: 9, islands: []), reach: 9))
        #expect(applied.appliedBySource == [:])
        #expect(try index.apply([]) == AppliedChanges())
    }

    @Test("what is counted: applied, there already, of an epoch that is over") func counts() throws {
        var source = SampleSource(barts)
        try source.set("Condition/a", SampleSource.patients[0], code: "1")
        try source.set("Condition/b", SampleSource.patients[0], code: "1")
        var index = IndexTransaction(MemoryIndex())
        let whole = try source.batch(after: 0)
        #expect(try index.apply([whole, whole]).appliedBySource == [barts: 2])
        #expect(try index.apply([whole]).superseded == 2)
        let old = Epoch("2025-01-01T00:00:00.000Z-00000001")!  // a well-formed constant
        let stale = ChangeBatch(source: barts, epoch: old, after: 0, through: 9, changes: whole.changes)
        #expect(try index.apply([stale, stale]).stale == 2)
        try expect(index, isWhole: source, "stale")
    }

    @Test("a new epoch ends the mending of the old one") func epochEndsMending() throws {
        var index = IndexTransaction(MemoryIndex())
        let old = SampleSource(barts)
        _ = try index.apply([ChangeBatch(source: barts, epoch: old.epoch, after: 0, through: 3, changes: [])])
        #expect(try index.keepTombstones(of: barts).tombstoneFloor == 3)
        let new = ChangeBatch(source: barts, epoch: SampleSource.late, after: 0, through: 1, changes: [])
        #expect(try index.apply([new]).sources[barts]?.tombstoneFloor == nil)
    }
}

/// The index holds the source's live entries and nothing else of it, and knows so.
func expect(_ index: IndexTransaction<MemoryIndex>, isWhole source: SampleSource, _ comment: String) throws {
    var rows = index.rows
    let kept = rows.source(source.hie)
    #expect(rows.entries[kept.id, default: [:]] == (try source.live), "\(comment)")
    #expect(kept.digest == source.digest, "\(comment)")
    #expect(kept.progress.epoch == source.epoch, "\(comment)")
    #expect(kept.progress.applied == AppliedRanges(watermark: source.head, islands: []), "\(comment)")
    #expect(rows.tombstones[kept.id, default: [:]] == [:], "\(comment)")
    #expect(!kept.hasTombstones, "\(comment)")
}

extension IndexTransaction where Rows == MemoryIndex {
    func kept(_ hie: HIEIdentifier) -> IndexedSource {
        var rows = rows
        return rows.source(hie)
    }
}
