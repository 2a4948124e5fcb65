import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

@Suite("Journal pages") struct JournalPageTests {
    private static let barts = HIEIdentifier("barts")!  // a well-formed constant
    private let one = SampleSource.patients[0]
    private let two = SampleSource.patients[1]

    /// Numbers 2, 4, 5, 6, 7 stand; 1 and 3 are superseded; 6 is a withdrawal.
    private func source() throws -> SampleSource {
        var source = SampleSource(Self.barts)
        try source.set("Condition/a", one, code: "1")
        try source.set("Condition/b", one, code: "1")
        try source.set("Condition/c", two, code: "1")
        try source.set("Condition/a", one, code: "2")
        try source.set("Condition/d", two, code: "1")
        try source.set("Condition/c", two, code: nil)
        try source.set("Condition/e", one, code: "1")
        return source
    }

    @Test("the sample has the numbers that the tests speak of") func sample() throws {
        #expect(try source().journal.rows.rows.map(\.seq) == [2, 4, 5, 6, 7])
    }

    @Test("every stretch with every limit: what the page says it covers is what it holds, and the pages meet the end")
    func everyStretch() throws {
        let source = try source()
        let standing = source.journal.rows.rows
        for after in Int64(0)...9 {
            for through in [nil] + (after...10).map(Optional.some) {
                for buckets in [nil, BucketSet.all, BucketSet([BucketDigest.bucket(of: one)])] {
                    for changesMax in 1...6 {
                        let stretch = JournalStretch(after: after, through: through, buckets: buckets)
                        let limits = PageLimits(changesMax: changesMax, bytesMax: 1_000_000)
                        try check(source, stretch, limits, standing)
                    }
                }
            }
        }
    }

    private func check(
        _ source: SampleSource, _ stretch: JournalStretch, _ limits: PageLimits, _ standing: [JournalRow]
    ) throws {
        let page = source.page(stretch, limits: limits)
        let end = max(stretch.after, min(stretch.through ?? 7, 7))
        let wanted = standing.filter { row in
            row.seq > stretch.after && row.seq <= page.through
                && (stretch.buckets.map { row.isPut && $0.contains(row.key.patient) } ?? true)
        }
        let changes = try page.changes.map(\.seq)
        let isSound =
            page.after == stretch.after && page.head == 7 && page.epoch == source.epoch
            && changes == wanted.map(\.seq) && changes.count == page.changeCount && changes.count <= limits.changesMax
            && page.isFull == (page.through < end) && (page.through == end || changes.count == limits.changesMax)
            && (page.through > page.after || end == stretch.after)
        if !isSound { Issue.record("\(stretch), \(limits): \(changes), through \(page.through), full \(page.isFull)") }
    }

    @Test("pages put together are the stretch, whatever the limits, with its superseded numbers") func pagesMeet()
        throws
    {
        let source = try source()
        for buckets in [nil, BucketSet([BucketDigest.bucket(of: two)])] {
            for changesMax in 1...6 {
                var after: Int64 = 0
                var found: [Int64] = []
                var count = 0
                while after < source.head, count < 10 {
                    let limits = PageLimits(changesMax: changesMax, bytesMax: 1_000_000)
                    let page = source.page(JournalStretch(after: after, buckets: buckets), limits: limits)
                    found += try page.changes.map(\.seq)
                    after = page.through
                    count += 1
                }
                #expect(after == 7)
                #expect(found == (buckets == nil ? [2, 4, 5, 6, 7] : [5]))
            }
        }
    }

    @Test("a page of bytes carries one change at least, and no second one above the limit") func bytes() throws {
        let source = try source()
        for bytesMax in [0, 1, 100, 200, 300, 400, 1000] {
            let page = source.page(
                JournalStretch(after: 0), limits: PageLimits(changesMax: 100, bytesMax: bytesMax))
            #expect(page.changeCount >= 1)
            if page.changeCount > 1 { #expect(page.body.count <= bytesMax + page.changeCount * 30) }
            #expect(page.isFull == (page.changeCount < 5))
        }
    }

    @Test("above the head there is an empty page that ends where it begins, and says where the head is")
    func aboveHead()
        throws
    {
        let page = try source().page(JournalStretch(after: 50, through: 60))
        #expect(page.after == 50)
        #expect(page.through == 50)
        #expect(page.head == 7)
        #expect(page.changeCount == 0)
        #expect(!page.isFull)
        #expect(SampleSource(Self.barts).page(JournalStretch(after: 0)).through == 0)
    }
}
