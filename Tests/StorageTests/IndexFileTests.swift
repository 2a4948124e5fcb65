import CareRecord
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = HIEIdentifier("barts")!  // a well-formed constant
private let kingston = HIEIdentifier("kingston")!  // a well-formed constant

/// An index in SQLite and one in memory, to which the same happens.
private struct TwoIndexes {
    let directory: TemporaryDirectory
    private(set) var store: IndexStore
    private(set) var memory = IndexTransaction(MemoryIndex())

    init() throws {
        directory = try TemporaryDirectory()
        store = try IndexStore(path: directory.file("index.sqlite"))
    }

    mutating func restart() throws { store = try IndexStore(path: directory.file("index.sqlite")) }

    mutating func apply(_ batches: [ChangeBatch], _ comment: String) async throws {
        let expected = try memory.apply(batches)
        let applied = try await store.apply(batches)
        #expect(applied.appliedBySource == expected.appliedBySource, "\(comment)")
        #expect(applied.superseded == expected.superseded, "\(comment)")
        #expect(applied.stale == expected.stale, "\(comment)")
        #expect(applied.replaced == expected.replaced, "\(comment)")
        #expect(Set(applied.filled) == Set(expected.filled), "\(comment)")
        #expect(applied.unneeded == expected.unneeded, "\(comment)")
        for (hie, source) in expected.sources {
            #expect(applied.sources[hie]?.progress == source.progress, "\(comment)")
            #expect(applied.sources[hie]?.digest == source.digest, "\(comment)")
        }
    }

    mutating func redeem(_ all: [Redemption], _ comment: String) async throws {
        let foreseen = try memory.foresee(all)
        #expect(try await store.foresee(all) == foreseen, "\(comment)")
        let expected = try memory.redeem(all)
        let redeemed = try await store.redeem(all)
        #expect(redeemed.verdicts == expected.verdicts, "\(comment)")
        for (hie, source) in expected.sources {
            #expect(redeemed.sources[hie]?.progress == source.progress, "\(comment)")
            #expect(redeemed.sources[hie]?.digest == source.digest, "\(comment)")
            #expect(redeemed.sources[hie]?.hasGaps == source.hasGaps, "\(comment)")
        }
    }

    mutating func closeGaps(_ letters: [LetterIdentity], of hie: HIEIdentifier) async throws {
        let expected = try memory.closeGaps(letters, of: hie)
        #expect(try await store.closeGaps(letters, of: hie).hasGaps == expected.hasGaps)
    }

    mutating func keepTombstones(of hie: HIEIdentifier) async throws {
        let expected = try memory.keepTombstones(of: hie)
        #expect(try await store.keepTombstones(of: hie).tombstoneFloor == expected.tombstoneFloor)
    }

    mutating func forgetTombstones(of hie: HIEIdentifier) async throws {
        _ = try memory.forgetTombstones(of: hie)
        #expect(try await store.forgetTombstones(of: hie).tombstoneFloor == nil)
    }

    mutating func replace(_ page: BucketPage, _ comment: String) async throws {
        let expected = try memory.replace(page)
        let replaced = try await store.replace(page)
        #expect(replaced.mended == expected.mended, "\(comment)")
        #expect(replaced.source.digest == expected.source.digest, "\(comment)")
    }

    mutating func audit(_ hie: HIEIdentifier, _ comment: String) async throws {
        var rows = memory.rows
        let kept = rows.source(hie)
        let difference = try memory.difference(of: kept)
        let found = try #require(try await store.difference(of: hie))
        #expect(found.difference == difference, "\(comment)")
        #expect(found.source.progress == kept.progress, "\(comment)")
        let expected = try memory.correct(hie, epoch: kept.progress.epoch, by: difference)
        let corrected = try await store.correct(hie, epoch: kept.progress.epoch, by: difference)
        #expect(corrected?.digest == expected?.digest, "\(comment)")
    }

    /// Changes an entry of both behind their backs, with somebody else's tool.
    mutating func damage(_ key: EntryKey, of hie: HIEIdentifier) async throws {
        var rows = memory.rows
        let id = rows.source(hie).id
        guard rows.entries[id]?[key] != nil else { return }
        rows.entries[id]?[key]?.facts.code = "damaged"
        memory = IndexTransaction(rows)
        try await Subprocess.run(
            "/usr/bin/sqlite3",
            [
                directory.file("index.sqlite"),
                """
                UPDATE entry SET code = 'damaged' WHERE source = \(id) AND patient = \(key.patient.value)
                    AND type = '\(key.resource.type)' AND id = '\(key.resource.id)'
                """,
            ])
    }

    func expectEqual(_ hies: [HIEIdentifier], _ comment: String) async throws {
        for hie in hies {
            var rows = memory.rows
            let expected = rows.source(hie)
            let kept = try #require(try await store.source(hie), "\(comment)")
            #expect(kept.progress == expected.progress, "\(comment)")
            #expect(kept.digest == expected.digest, "\(comment)")
            #expect(kept.hasTombstones == expected.hasTombstones, "\(comment)")
            #expect(kept.tombstoneFloor == expected.tombstoneFloor, "\(comment)")
            #expect(kept.hasGaps == expected.hasGaps, "\(comment)")
            let gaps = try await store.file.read {
                try IndexFile($0).gaps(source: kept.id, after: -1, through: .max)
            }
            let expectedGaps = rows.gaps[expected.id, default: [:]]
            #expect(Dictionary(uniqueKeysWithValues: gaps.map { ($0.letter, $0) }) == expectedGaps, "\(comment)")
            #expect(try await store.gapCounts()[hie] ?? 0 == expectedGaps.count, "\(comment)")
            let (entries, tombstones) = try await store.file.read { database in
                let select = try PreparedStatement(
                    database, "SELECT patient, type, id, seq FROM tombstone WHERE source = ?")
                return (try Self.entries(kept.id, IndexFile(database)), try Self.tombstones(kept.id, select))
            }
            var found: [EntryKey: FoundEntry] = [:]
            rows.scan(source: expected.id, .all) { found[$0.key] = $0 }
            #expect(entries == found, "\(comment)")
            #expect(tombstones == rows.tombstones[expected.id, default: [:]], "\(comment)")
        }
    }

    private static func entries(_ source: Int64, _ file: IndexFile) throws -> [EntryKey: FoundEntry] {
        var entries: [EntryKey: FoundEntry] = [:]
        try file.scan(source: source, .all) { entries[$0.key] = $0 }
        return entries
    }

    private static func tombstones(_ source: Int64, _ select: PreparedStatement) throws -> [EntryKey: Int64] {
        var tombstones: [EntryKey: Int64] = [:]
        select.bind(source, at: 1)
        try select.each { row in
            guard let patient = NHSNumber(value: row.int(0)), let type = row.text(1), let id = row.text(2),
                let resource = ResourceKey(type: type, id: id)
            else { return false }
            tombstones[EntryKey(patient: patient, resource: resource)] = row.int(3)
            return true
        }
        return tombstones
    }
}

@Suite("Index file") struct IndexFileTests {
    @Test("promise P2: the same messages, in any order, give the same index in SQLite as in memory")
    func sameAsMemory() async throws {
        for seed in UInt64(0)..<6 {
            var random = SplitMix64(seed: seed)
            var early = SampleStream(SampleSource(barts))
            var late = SampleStream(SampleSource(barts, epoch: SampleSource.late))
            var other = SampleStream(SampleSource(kingston))
            try early.run(steps: 30, using: &random)
            try late.run(steps: 30, using: &random)
            try other.run(steps: 30, using: &random)
            let all = early.batches + late.batches + other.batches
            var indexes = try TwoIndexes()
            for group in random.groups(of: random.shuffle(all + random.shuffle(all).prefix(20)), max: 4) {
                try await indexes.apply(group, "seed \(seed)")
                if random.chance(percent: 5) { try indexes.restart() }
            }
            try await indexes.expectEqual([barts, kingston], "seed \(seed)")
            #expect(try await indexes.store.source(barts)?.digest == late.source.digest, "seed \(seed)")
            #expect(try await indexes.store.source(kingston)?.digest == other.source.digest, "seed \(seed)")
        }
    }

    @Test("promise P2: mending and counting anew do the same in SQLite as in memory, and end with the source's entries")
    func mending() async throws {
        for seed in UInt64(0)..<6 {
            var random = SplitMix64(seed: seed)
            var source = SampleSource(barts)
            for _ in 0..<20 { try source.change(using: &random) }
            var indexes = try TwoIndexes()
            try await indexes.apply([try source.batch(after: 0)], "seed \(seed)")
            for key in try source.live.keys.sorted(by: { $0.resource < $1.resource }) where random.chance(percent: 40) {
                try await indexes.damage(key, of: barts)
            }
            try await indexes.audit(barts, "seed \(seed)")
            try await indexes.keepTombstones(of: barts)
            var after: Int64 = 0
            while true {
                let limits = PageLimits(changesMax: random.within(1...3), bytesMax: 100_000)
                let page = try source.buckets(.all, after: after, limits: limits)
                let head = source.head
                try source.change(using: &random)
                if random.chance(percent: 50) {
                    try await indexes.apply([try source.batch(after: head)], "seed \(seed)")
                }
                try await indexes.replace(page, "seed \(seed)")
                try await indexes.expectEqual([barts], "seed \(seed)")
                after = page.through
                if page.isLast { break }
            }
            try await indexes.forgetTombstones(of: barts)
            try await indexes.apply([try source.batch(after: 0)], "seed \(seed)")
            try await indexes.expectEqual([barts], "seed \(seed)")
        }
    }

    @Test("promise P2: damaged lines, their gaps and their replays do the same in SQLite as in memory")
    func gaps() async throws {
        for seed in UInt64(0)..<8 {
            var random = SplitMix64(seed: seed)
            var stream = SampleStream(SampleSource(barts))
            try stream.run(steps: 40, using: &random)
            let all = stream.batches + random.shuffle(stream.batches).prefix(10)
            var indexes = try TwoIndexes()
            var parked: [Redemption] = []
            for group in random.groups(of: random.shuffle(all), max: 3) {
                var arriving: [ChangeBatch] = []
                for batch in group {
                    let damaged = Set(batch.changes.map(\.seq).filter { _ in random.chance(percent: 30) })
                    let unnumbered = damaged.filter { _ in random.chance(percent: 30) }
                    parked += damaged.sorted().map { batch.redemption(of: $0, plan: Int64(random.within(1...2))) }
                    arriving.append(batch.damaged(damaged, unnumbered: unnumbered))
                }
                try await indexes.apply(arriving, "seed \(seed)")
                if random.chance(percent: 50), !parked.isEmpty {
                    let chosen = (0..<random.within(1...6)).map { _ in random.pick(parked) }
                    try await indexes.redeem(chosen, "seed \(seed)")
                }
                if random.chance(percent: 10), !parked.isEmpty {
                    try await indexes.closeGaps([random.pick(parked).letter], of: barts)
                }
                if random.chance(percent: 10) { try indexes.restart() }
                try await indexes.expectEqual([barts], "seed \(seed)")
            }
            try await indexes.redeem(parked, "seed \(seed)")
            try await indexes.expectEqual([barts], "seed \(seed)")
            #expect(try await indexes.store.gapCounts().isEmpty, "seed \(seed)")
        }
    }
}
