import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

/// A source of six changes of one patient: a and b are put, a is withdrawn, c is put, b is corrected, d is put.
struct GapSample {
    static let patient = SampleSource.patients[0]

    private(set) var source = SampleSource(barts)
    /// Each change as the source published it, in a message of its own.
    private(set) var messages: [ChangeBatch] = []
    var index = IndexTransaction(MemoryIndex())

    init() throws {
        try say("a", "1")
        try say("b", "1")
        try say("a", nil)
        try say("c", "1")
        try say("b", "2")
        try say("d", "1")
    }

    mutating func say(_ id: String, _ code: String?) throws {
        let head = source.head
        try source.set("Condition/\(id)", Self.patient, code: code)
        messages.append(try source.batch(after: head))
    }

    /// All that was published, in one message, read when each change was the latest of its record.
    var whole: ChangeBatch {
        ChangeBatch(
            source: barts, epoch: source.epoch, after: 0, through: source.head, changes: messages.flatMap(\.changes))
    }

    static func key(_ id: String) -> EntryKey {
        EntryKey(patient: patient, resource: ResourceKey(reference: "Condition/\(id)")!)  // a constant
    }

    /// Such as `b2 d6`: the records that stand, and under which numbers.
    var standing: String {
        index.rows.entries[1, default: [:]].map { "\($0.key.resource.id)\($0.value.seq)" }.sorted()
            .joined(separator: " ")
    }

    var gaps: [LetterIdentity: OpenGap] { index.rows.gaps[1, default: [:]] }

    /// Which numbers are missing, as far as the index knows.
    var missing: [Int64] { (1...20).filter { seq in gaps.values.contains { $0.misses(seq) } } }

    var buried: [Int64] { index.rows.tombstones[1, default: [:]].values.sorted() }

    /// Digest and rows agree.
    func expectSound(_ comment: String = "") {
        #expect(index.kept(barts).digest == index.rows.digest(source: 1), "\(comment)")
    }
}

@Suite("Gaps") struct GapTests {
    @Test("a line that was parked leaves a gap: its number counts as applied, and its entry is missing")
    func opened() throws {
        var sample = try GapSample()
        let applied = try sample.index.apply([sample.whole.damaged([4])])
        #expect(applied.sources[barts]?.progress.applied == AppliedRanges(watermark: 6, islands: []))
        #expect(applied.sources[barts]?.hasGaps == true)
        #expect(sample.standing == "b5 d6")
        #expect(sample.missing == [4])
        sample.expectSound()
    }

    @Test("the same message again leaves the gap as it is, and opens none that was redeemed or closed")
    func again() throws {
        for end in ["open", "redeemed", "closed"] {
            var sample = try GapSample()
            let message = sample.whole.damaged([4])
            _ = try sample.index.apply([message])
            switch end {
            case "redeemed": #expect(try sample.index.redeem(sample.whole.redemption(of: 4)) == .applied)
            case "closed": #expect(try sample.index.closeGaps([.sample(4)], of: barts).hasGaps == false)
            default: break
            }
            let again = try sample.index.apply([message, message])
            #expect(again.unneeded == (end == "open" ? [] : [.sample(4), .sample(4)]), "\(end)")
            #expect(again.filled == [], "\(end)")
            #expect(again.superseded == 10, "\(end)")
            #expect(sample.missing == (end == "open" ? [4] : []), "\(end)")
            #expect(sample.standing == (end == "redeemed" ? "b5 c4 d6" : "b5 d6"), "\(end)")
        }
    }

    @Test("promise P1: a good version of the very change that is missing is written, and closes the gap")
    func filled() throws {
        for page in [(3, 4), (0, 6), (2, 5)] {
            var sample = try GapSample()
            _ = try sample.index.apply([sample.whole.damaged([4, 6])])
            let (after, through) = (Int64(page.0), Int64(page.1))
            let changes = sample.whole.changes.filter { $0.seq > after && $0.seq <= through && $0.seq != 6 }
            let good = ChangeBatch(
                source: barts, epoch: sample.source.epoch, after: after, through: through, changes: changes,
                gaps: through == 6 ? [.sample(6)] : [])
            let applied = try sample.index.apply([good])
            #expect(applied.filled == [.sample(4)])
            #expect(applied.appliedBySource == [barts: 1])
            #expect(applied.superseded == changes.count - 1)
            #expect(sample.standing == "b5 c4" && sample.missing == [6])
            sample.expectSound()
        }
    }

    @Test("promise P2: what is missing and was superseded meanwhile is not written when it comes, and closes the gap")
    func filledTooLate() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole.damaged([1, 2])])
        #expect(sample.buried == [3])
        let applied = try sample.index.apply([sample.messages[0], sample.messages[1]])
        #expect(applied.filled == [.sample(1), .sample(2)])
        #expect(applied.superseded == 2 && applied.appliedBySource == [:])
        #expect(sample.standing == "b5 c4 d6" && sample.buried == [])
        try expect(sample.index, isWhole: sample.source, "too late")
    }

    @Test("a page of the whole range that leaves the change out closes its gap: the source has no use for it")
    func covered() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole.damaged([2])])
        func page(_ after: Int64, _ head: Int64) -> ChangeBatch {
            ChangeBatch(source: barts, epoch: sample.source.epoch, after: after, through: 3, head: head, changes: [])
        }
        #expect(try sample.index.apply([page(2, 6)]).filled == [])
        #expect(try sample.index.apply([page(1, 6)]).filled == [.sample(2)])
        #expect(sample.missing == [])
    }

    @Test("promise P3: a change that was left out for a later one is missing until that one may be there")
    func coveredTooEarly() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole.damaged([4])])
        try sample.say("c", "2")
        let page = try sample.source.batch(after: 3, through: 6)
        #expect(page.head == 7)
        #expect(try sample.index.apply([page]).filled == [])
        #expect(sample.missing == [4])
        _ = try sample.index.apply([sample.messages[6]])
        #expect(try sample.index.apply([page]).filled == [.sample(4)])
    }

    @Test("a page on which the line, or any line of its range, cannot be read again leaves the gap") func bad() throws {
        for unnumbered in [Set<Int64>(), [2]] {
            var sample = try GapSample()
            _ = try sample.index.apply([sample.whole.damaged([2])])
            let page = sample.whole.damaged([2], unnumbered: unnumbered)
            #expect(try sample.index.apply([page]).filled == [])
            #expect(sample.missing == [2])
        }
    }

    @Test("good and damaged in one transaction come to the same in either order") func together() throws {
        for isGoodFirst in [true, false] {
            var sample = try GapSample()
            let damaged = sample.whole.damaged([4])
            let applied = try sample.index.apply(isGoodFirst ? [sample.whole, damaged] : [damaged, sample.whole])
            #expect(applied.filled == (isGoodFirst ? [] : [.sample(4)]))
            #expect(applied.unneeded == (isGoodFirst ? [.sample(4)] : []))
            try expect(sample.index, isWhole: sample.source, "good first \(isGoodFirst)")
            #expect(sample.missing == [])
        }
    }

    @Test("promise P2: a new epoch closes the gaps of the old one and opens its own; an old one opens none")
    func epochs() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole.damaged([4])])
        let late = ChangeBatch(
            source: barts, epoch: SampleSource.late, after: 0, through: 2, changes: [], gaps: [.sample(2)])
        #expect(try sample.index.apply([late]).replaced == [barts])
        #expect(sample.missing == [2] && sample.standing == "")
        let stale = try sample.index.apply([sample.whole.damaged([5])])
        #expect(stale.stale == 1 && stale.unneeded == [.sample(5)])
        #expect(sample.missing == [2])
    }

    @Test("a line whose number cannot be read is missing among the numbers that its message did not bring")
    func unnumbered() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole.damaged([], unnumbered: [4])])
        #expect(sample.missing == [4])
        #expect(sample.gaps.values.map(\.isExact) == [false])
        // A page that was read later lacks what was superseded by then.
        var other = try GapSample()
        let page = try other.source.batch(after: 0).damaged([], unnumbered: [4])
        _ = try other.index.apply([page])
        #expect(other.missing == [1, 2, 4])
        #expect(try other.index.apply([other.messages[1]]).filled == [])
        #expect(other.missing == [1, 4])
        #expect(try other.index.apply([try other.source.batch(after: 0)]).filled == [.sample(4)])
        try expect(other.index, isWhole: other.source, "unnumbered")
    }

    @Test("promise P2: withdrawals above the lowest gap are remembered until it is redeemed, filled or closed")
    func tombstones() throws {
        for end in 0..<4 {
            var sample = try GapSample()
            _ = try sample.index.apply([sample.whole.damaged([1])])
            try sample.say("d", nil)
            _ = try sample.index.apply([sample.messages[6]])
            #expect(sample.buried == [3, 7])
            // Nor does the end of a mending forget them.
            _ = try sample.index.keepTombstones(of: barts)
            _ = try sample.index.forgetTombstones(of: barts)
            #expect(sample.buried == [3, 7])
            switch end {
            case 0: #expect(try sample.index.redeem(sample.whole.redemption(of: 1)) == .superseded(by: 3))
            case 1: _ = try sample.index.apply([sample.messages[0]])
            case 2: _ = try sample.index.closeGaps([.sample(1)], of: barts)
            default: _ = try sample.index.apply([try sample.source.batch(after: 0)])
            }
            #expect(sample.buried == [], "end \(end)")
            try expect(sample.index, isWhole: sample.source, "end \(end)")
        }
    }

    @Test("withdrawals below the lowest gap are forgotten although one is open") func tombstonesBelow() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.messages[2], sample.whole.damaged([1, 4])])
        #expect(sample.buried == [3])
        let source = try sample.index.closeGaps([.sample(1)], of: barts)
        #expect(source.hasGaps && sample.buried == [])
    }

    @Test("two lines of the same bytes leave one gap: a letter has one") func sameBytes() throws {
        var sample = try GapSample()
        let first = Gap(letter: .sample(99), after: 0, through: 2)
        let second = Gap(letter: .sample(99), after: 2, through: 4)
        for (gap, through) in [(first, Int64(2)), (second, 4)] {
            _ = try sample.index.apply([
                ChangeBatch(
                    source: barts, epoch: sample.source.epoch, after: through - 2, through: through, changes: [],
                    gaps: [gap])
            ])
        }
        #expect(sample.missing == [1, 2])
    }

    // MARK: - Mending

    @Test("a mended page whose line cannot be read leaves what stands under its number") func mendedBadLine() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole])
        _ = try sample.index.keepTombstones(of: barts)
        let page = try sample.source.buckets(.all)
        let bad = BucketPage(
            source: barts, epoch: page.epoch, head: page.head, buckets: .all, after: page.after,
            through: page.through, changes: page.changes.filter { $0.seq != 4 }, gaps: [.sample(4)])
        #expect(try sample.index.replace(bad).mended == 0)
        #expect(sample.standing == "b5 c4 d6")
        sample.expectSound()
    }

    @Test("promise P2: a letter brings back nothing that mending has removed") func mendedAway() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole.damaged([2])])
        // The withdrawal of b is on its way while the source is compared.
        try sample.say("b", nil)
        _ = try sample.index.keepTombstones(of: barts)
        #expect(try sample.index.replace(try sample.source.buckets(.all)).mended == 1)
        _ = try sample.index.forgetTombstones(of: barts)
        #expect(try sample.index.redeem(sample.whole.redemption(of: 2)) == .superseded(by: 7))
        #expect(sample.standing == "c4 d6")
        sample.expectSound()
        _ = try sample.index.apply([sample.messages[6]])
        try expect(sample.index, isWhole: sample.source, "mended away")
    }

    @Test("what mending has brought is there: its letter is a duplicate, and no other record gets its number")
    func mendedIn() throws {
        for isEdited in [false, true] {
            var sample = try GapSample()
            _ = try sample.index.apply([sample.whole.damaged([4])])
            _ = try sample.index.keepTombstones(of: barts)
            #expect(try sample.index.replace(try sample.source.buckets(.all)).mended == 1)
            _ = try sample.index.forgetTombstones(of: barts)
            #expect(sample.missing == [] && sample.gaps.count == 1)
            let facts = Facts(category: .condition, code: "1")
            let change = Change(seq: 4, key: GapSample.key(isEdited ? "x" : "c"), effect: .put(facts))
            let batch = ChangeBatch(source: barts, epoch: sample.source.epoch, after: 3, through: 4, changes: [change])
            let verdict = try sample.index.redeem(Redemption(letter: .sample(4), plan: 1, batch: batch))
            #expect(verdict == (isEdited ? .superseded(by: nil) : .duplicate))
            try expect(sample.index, isWhole: sample.source, "edited \(isEdited)")
            #expect(sample.gaps.isEmpty)
        }
    }
}
