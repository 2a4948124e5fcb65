package import CareRecord

/// A stretch of a journal, ready to be sent.
package struct JournalPage: Sendable, Hashable {
    package let epoch: Epoch
    package let after: Int64
    /// Inclusive, and not below `after`.
    package let through: Int64
    /// Where the journal ended when the page was read.
    package let head: Int64
    package let changeCount: Int
    /// One change a line (`ChangeLine`), in order of seq.
    package let body: [UInt8]
    /// Whether a limit ended the page before the journal did.
    package let isFull: Bool

    package init(
        epoch: Epoch, after: Int64, through: Int64, head: Int64, changeCount: Int, body: [UInt8], isFull: Bool = false
    ) {
        self.epoch = epoch
        self.after = after
        self.through = through
        self.head = head
        self.changeCount = changeCount
        self.body = body
        self.isFull = isFull
    }
}

/// Which stretch of the journal a page is to hold.
package struct JournalStretch: Sendable, Hashable {
    package let after: Int64
    /// Where to end, at the latest; `nil` for the journal's head.
    package let through: Int64?
    /// With buckets a page holds only their live entries; without, every change.
    package let buckets: BucketSet?

    package init(after: Int64, through: Int64? = nil, buckets: BucketSet? = nil) {
        self.after = after
        self.through = through
        self.buckets = buckets
    }
}

/// How much one page may hold. A single larger change makes a page of its own.
package struct PageLimits: Sendable, Hashable {
    package var changesMax: Int
    package var bytesMax: Int

    package init(changesMax: Int, bytesMax: Int) {
        self.changesMax = changesMax
        self.bytesMax = bytesMax
    }
}

/// Puts a page together from the journal's rows above `stretch.after`, which must come in order of seq.
package struct JournalPageBuilder {
    private let stretch: JournalStretch
    private let limits: PageLimits
    private let epoch: Epoch
    private let head: Int64
    private var body: [UInt8] = []
    private var count = 0
    private var lastSeen: Int64
    private var isFull = false

    package init(_ stretch: JournalStretch, limits: PageLimits, epoch: Epoch, head: Int64) {
        self.stretch = stretch
        self.limits = limits
        self.epoch = epoch
        self.head = head
        lastSeen = stretch.after
    }

    /// The last number that belongs to the stretch.
    private var end: Int64 { max(stretch.after, min(head, stretch.through ?? head)) }

    /// Takes the next row; `false` when that row and all after it are not part of the page.
    package mutating func add(
        seq: Int64, patient: NHSNumber, isPut: Bool, content: UnsafeRawBufferPointer
    ) -> Bool {
        guard seq <= end else { return false }
        if let buckets = stretch.buckets, !(isPut && buckets.contains(patient)) {
            lastSeen = seq
            return true
        }
        isFull = count == limits.changesMax || (count > 0 && body.count + content.count > limits.bytesMax)
        guard !isFull else { return false }
        ChangeLine.append(seq: seq, content: content, to: &body)
        count += 1
        lastSeen = seq
        return true
    }

    /// A page that no limit cut reaches to the end of the stretch: the numbers without a row are superseded.
    package func page() -> JournalPage {
        JournalPage(
            epoch: epoch, after: stretch.after, through: isFull ? lastSeen : end, head: head, changeCount: count,
            body: body, isFull: isFull)
    }
}
