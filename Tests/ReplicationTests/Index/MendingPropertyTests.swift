import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

private let barts = HIEIdentifier("barts")!  // a well-formed constant

/// A mending under way while the source goes on: what it still says arrives late, twice or out of order.
private struct BusyMending {
    var random: SplitMix64
    var source = SampleSource(barts)
    var index = IndexTransaction(MemoryIndex())
    let buckets: BucketSet
    private var published: Int64 = 0
    private var arriving: [ChangeBatch] = []
    private var page: BucketPage?
    private var after: Int64 = 0
    private(set) var isOver = false

    init(seed: UInt64) throws {
        random = SplitMix64(seed: seed)
        buckets =
            random.chance(percent: 50)
            ? .all : BucketSet(SampleSource.patients.prefix(2).map(BucketDigest.bucket(of:))) ?? .all
        for _ in 0..<30 { try source.change(using: &random) }
        try publish()
        for batch in arriving { _ = try index.apply([batch]) }
        if random.chance(percent: 50) { arriving = [] }
        damage()
        _ = try index.keepTombstones(of: barts)
    }

    mutating func step() throws {
        switch random.below(6) {
        case 0, 1: try source.change(using: &random)
        case 2: try publish()
        case 3:
            // What is not taken comes again.
            if !arriving.isEmpty { _ = try index.apply([arriving[random.below(arriving.count)]]) }
        case 4:
            if page == nil, !isOver {
                let limits = PageLimits(changesMax: random.within(1...5), bytesMax: 100_000)
                page = try source.buckets(buckets, after: after, limits: limits)
            }
        default:
            guard let arrived = page else { return }
            _ = try index.replace(arrived)
            after = arrived.through
            isOver = arrived.isLast
            page = nil
        }
    }

    /// Everything that is on its way arrives; the mending ends.
    mutating func finish() throws {
        while !isOver { try step() }
        _ = try index.forgetTombstones(of: barts)
        try publish()
        for batch in random.shuffle(arriving) { _ = try index.apply([batch]) }
    }

    private mutating func publish() throws {
        while published < source.head {
            let batch = try source.batch(
                after: published, limits: PageLimits(changesMax: random.within(1...4), bytesMax: 100_000))
            arriving.append(batch)
            published = batch.through
        }
    }

    /// Removes, invents and edits rows of the buckets that will be mended; numbers stay below the head.
    private mutating func damage() {
        var rows = index.rows
        let id = rows.source(barts).id
        for key in rows.entries[id, default: [:]].keys.sorted(by: { $0.resource < $1.resource })
        where buckets.contains(key.patient) {
            switch random.below(5) {
            case 0: rows.entries[id]?[key] = nil
            case 1: rows.entries[id]?[key]?.facts.code = "damaged"
            case 2: rows.entries[id]?[key]?.seq = Int64(random.within(1...Int(source.head)))
            case 3:
                let other = EntryKey(patient: SampleSource.patients[0], resource: key.resource)
                let row = rows.entries[id]?[key]
                rows.entries[id]?[other] = row
            default: break
            }
        }
        index = IndexTransaction(rows)
    }
}

@Suite("Mending while the source goes on") struct MendingPropertyTests {
    @Test("promise P2: whatever goes on meanwhile, the digest stays that of the rows of what is mended")
    func digest() throws {
        for seed in UInt64(0)..<150 {
            var mending = try BusyMending(seed: seed)
            for _ in 0..<60 { try mending.step() }
            try mending.finish()
            var rows = mending.index.rows
            let kept = rows.source(barts)
            #expect(kept.digest.bytes == rows.digest(source: kept.id).bytes, "seed \(seed)")
        }
    }

    @Test("promise P2: a mending, and a second one in quiet, leave exactly the source's entries") func whole() throws {
        for seed in UInt64(0)..<150 {
            var mending = try BusyMending(seed: seed)
            for _ in 0..<60 { try mending.step() }
            try mending.finish()
            _ = try mending.index.keepTombstones(of: barts)
            _ = try mending.index.replace(try mending.source.buckets(mending.buckets))
            _ = try mending.index.forgetTombstones(of: barts)
            try expect(mending.index, isWhole: mending.source, "seed \(seed)")
        }
    }

    @Test("promise P2: a mending brings back no entry that was withdrawn meanwhile") func noResurrection() throws {
        for seed in UInt64(1000)..<1150 {
            var mending = try BusyMending(seed: seed)
            for _ in 0..<60 { try mending.step() }
            try mending.finish()
            let live = try mending.source.live
            for (key, row) in mending.index.rows.entries[1, default: [:]] where mending.buckets.contains(key.patient) {
                if live[key] == nil { Issue.record("seed \(seed): \(key.resource.reference) under \(row.seq)") }
            }
        }
    }
}
