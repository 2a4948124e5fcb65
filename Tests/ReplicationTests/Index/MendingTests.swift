import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

private let barts = HIEIdentifier("barts")!  // a well-formed constant
private let one = SampleSource.patients[0]
private let two = SampleSource.patients[1]

private func key(_ reference: String, _ patient: NHSNumber = one) -> EntryKey {
    EntryKey(patient: patient, resource: ResourceKey(reference: reference)!)  // a constant
}

/// A source, and an index that has all of it until it is damaged.
private struct Mended {
    var source = SampleSource(barts)
    var index = IndexTransaction(MemoryIndex())
    private var delivered: Int64 = 0

    /// Condition/a to e of two patients, numbers 1 to 5; then a is corrected under 6.
    init() throws {
        for (reference, patient) in [("a", one), ("b", one), ("c", two), ("d", two), ("e", one)] {
            try source.set("Condition/\(reference)", patient, code: reference)
        }
        try source.set("Condition/a", one, code: "a2")
        try deliver()
    }

    mutating func deliver() throws {
        _ = try index.apply([try source.batch(after: delivered)])
        delivered = source.head
    }

    mutating func damage(_ change: (inout [EntryKey: MemoryIndex.Row]) -> Void) {
        var rows = index.rows
        change(&rows.entries[rows.source(barts).id, default: [:]])
        index = IndexTransaction(rows)
    }

    /// Counts the rows anew, as an audit does, and returns the buckets that differ from the source's.
    mutating func differing() throws -> BucketSet? {
        let kept = index.kept(barts)
        let difference = try index.difference(of: kept)
        let corrected = try index.correct(barts, epoch: kept.progress.epoch, by: difference)
        return BucketSet(try #require(corrected).digest.differences(from: source.digest))
    }

    /// Returns how many rows were wrong.
    mutating func mend(_ buckets: BucketSet, changesMax: Int) throws -> Int {
        _ = try index.keepTombstones(of: barts)
        var mended = 0
        var after: Int64 = 0
        while true {
            let page = try source.buckets(
                buckets, after: after, limits: PageLimits(changesMax: changesMax, bytesMax: 100_000))
            mended += try index.replace(page).mended
            if page.isLast { break }
            after = page.through
        }
        _ = try index.forgetTombstones(of: barts)
        return mended
    }
}

/// What is done to the rows, and how many of them it makes wrong.
private struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let count: Int
    let apply: @Sendable (inout [EntryKey: MemoryIndex.Row]) -> Void

    init(_ name: String, wrong count: Int, _ apply: @escaping @Sendable (inout [EntryKey: MemoryIndex.Row]) -> Void) {
        testDescription = name
        self.count = count
        self.apply = apply
    }

    private static func ghost(_ seq: Int64) -> MemoryIndex.Row {
        MemoryIndex.Row(seq: seq, hash: 7, facts: Facts(category: .condition))
    }

    static let all: [Damage] = [
        Damage("content edited", wrong: 1) { $0[key("Condition/b")]?.facts.code = "x" },
        Damage("a fact removed", wrong: 1) { $0[key("Condition/b")]?.facts.code = nil },
        Damage("content and hash edited", wrong: 1) {
            $0[key("Condition/b")]?.facts.code = "x"
            $0[key("Condition/b")]?.hash = 9
        },
        Damage("seq lowered", wrong: 1) { $0[key("Condition/b")]?.seq = 1 },
        Damage("seq raised", wrong: 1) { $0[key("Condition/b")]?.seq = 4 },
        Damage("seq above the head", wrong: 1) { $0[key("Condition/b")]?.seq = 1000 },
        Damage("row removed", wrong: 1) { $0[key("Condition/b")] = nil },
        Damage("every row removed", wrong: 5) { $0 = [:] },
        Damage("ghost", wrong: 1) { $0[key("Condition/z")] = ghost(3) },
        Damage("ghost above the head", wrong: 1) { $0[key("Condition/z", two)] = ghost(99) },
        Damage("wrong patient", wrong: 2) {
            $0[key("Condition/b", two)] = $0.removeValue(forKey: key("Condition/b"))
        },
        Damage("rows swapped", wrong: 2) {
            let row = $0[key("Condition/b")]
            $0[key("Condition/b")] = $0[key("Condition/e")]
            $0[key("Condition/e")] = row
        },
    ]
}

@Suite("Mending") struct MendingTests {
    @Test(
        "promise P2: what was changed behind the index's back is found by counting and put right by one mending",
        arguments: Damage.all, [1, 2, 100])
    fileprivate func damaged(damage: Damage, changesMax: Int) throws {
        var mended = try Mended()
        mended.damage(damage.apply)
        let buckets = try #require(try mended.differing(), "\(damage.testDescription)")
        let count = try mended.mend(buckets, changesMax: changesMax)
        // An entry whose number was wrong may be met in two pages.
        let countMax = changesMax == 100 ? damage.count : damage.count * 2
        #expect((damage.count...countMax).contains(count), "\(damage.testDescription): \(count)")
        try expect(mended.index, isWhole: mended.source, "\(damage.testDescription)")
    }

    @Test("mending what is sound changes nothing") func sound() throws {
        var mended = try Mended()
        #expect(try mended.differing() == nil)
        #expect(try mended.mend(.all, changesMax: 2) == 0)
        try expect(mended.index, isWhole: mended.source, "sound")
    }

    @Test("only the buckets that were asked for are touched") func otherBuckets() throws {
        var mended = try Mended()
        mended.damage { $0[key("Condition/b")]?.facts.code = "x" }
        let other = try #require(BucketSet([BucketDigest.bucket(of: two)]))
        #expect(try mended.mend(other, changesMax: 100) == 0)
        #expect(mended.index.rows.entries[1]?[key("Condition/b")]?.facts.code == "x")
    }

    @Test("a hash that was edited alone shows at the entry's next change, and counting anew puts it right")
    func hashAlone() throws {
        var mended = try Mended()
        mended.damage { $0[key("Condition/b")]?.hash = 9 }
        #expect(try mended.differing() == nil)
        try mended.source.set("Condition/b", one, code: "b2")
        try mended.deliver()
        #expect(mended.index.kept(barts).digest != mended.source.digest)
        #expect(try mended.differing() == nil)
        try expect(mended.index, isWhole: mended.source, "hash alone")
    }

    @Test("a page of another epoch, or that was not asked for, changes nothing") func notAskedFor() throws {
        var mended = try Mended()
        mended.damage { $0[key("Condition/b")] = nil }
        let page = try mended.source.buckets(.all)
        #expect(try mended.index.replace(page).mended == 0)
        _ = try mended.index.keepTombstones(of: barts)
        let foreign = BucketPage(
            source: barts, epoch: SampleSource.late, head: page.head, buckets: .all, after: 0, through: page.through,
            changes: page.changes)
        #expect(try mended.index.replace(foreign).mended == 0)
        let older = BucketPage(
            source: barts, epoch: page.epoch, head: 5, buckets: .all, after: 0, through: 5, changes: page.changes)
        #expect(try mended.index.replace(older).mended == 0)
        #expect(mended.index.rows.entries[1]?.count == 4)
        #expect(try mended.index.replace(page).mended == 1)
    }

    @Test("tombstones are kept above the floor only, and forgotten at the end") func floor() throws {
        var mended = try Mended()
        _ = try mended.index.keepTombstones(of: barts)
        try mended.source.set("Condition/b", one, code: nil)
        try mended.deliver()
        #expect(mended.index.rows.tombstones[1]?[key("Condition/b")] == 7)
        #expect(mended.index.kept(barts).hasTombstones)
        _ = try mended.index.forgetTombstones(of: barts)
        try expect(mended.index, isWhole: mended.source, "floor")
    }

    /// What happens at the source while a page of it is on its way to the index.
    @Test(
        "promise P2: what happens at the source before or after a page was read, and arrives before or after it, stands",
        arguments: [0, 1, 2, 3, 4, 5, 6], [true, false])
    func concurrent(event: Int, isDamaged: Bool) throws {
        let events: [(inout SampleSource) throws -> Void] = [
            { try $0.set("Condition/b", one, code: "b2") },
            { try $0.set("Condition/b", one, code: nil) },
            { try $0.set("Condition/b", two, code: "b") },
            { try $0.set("Condition/f", one, code: "f") },
            {
                try $0.set("Condition/f", one, code: "f"); try $0.set("Condition/f", one, code: nil)
            },
            {
                try $0.set("Condition/b", one, code: nil); try $0.set("Condition/b", one, code: "b3")
            },
            { _ in },
        ]
        for (isReadFirst, isDeliveredFirst) in [(true, true), (true, false), (false, true), (false, false)] {
            var mended = try Mended()
            if isDamaged { mended.damage { $0[key("Condition/b")] = nil } }
            _ = try mended.index.keepTombstones(of: barts)
            var page = try mended.source.buckets(.all)
            try events[event](&mended.source)
            if !isReadFirst { page = try mended.source.buckets(.all) }
            if isDeliveredFirst { try mended.deliver() }
            _ = try mended.index.replace(page)
            #expect(mended.index.kept(barts).digest == mended.index.rows.digest(source: 1))
            if !isDeliveredFirst { try mended.deliver() }
            _ = try mended.index.forgetTombstones(of: barts)
            try expect(mended.index, isWhole: mended.source, "read first \(isReadFirst), \(isDeliveredFirst)")
        }
    }
}
