package import CareRecord

/// What the pulses of one source tell a subscriber: the head of its journal, when it was last heard, and as of when
/// the subscriber has everything.
///
/// "As of" is the moment at which the subscriber received the newest pulse that it has caught up with (design §3), so
/// no other machine's clock is trusted. A pulse that was held up on its way, by a broker that stood still or a buffer,
/// is as old as nobody here can know: only one that comes about one interval after the pulse before it counts. Pulses not caught up with are remembered, at most `pendingMax`; when there are
/// more, the middle ones are forgotten, which can only make "as of" older than the truth.
package struct Freshness: Sendable, Hashable {
    package static let pendingMax = 16

    /// How the subscriber's entries compare with the source's digest.
    package enum Comparison: Sendable, Hashable {
        case agrees
        case differs
        /// The two were not at the same number.
        case unknown
    }

    private struct Pending: Sendable, Hashable {
        let head: Int64
        let digest: UInt64
        /// `nil` for one that was not received when it was due.
        let receivedAt: Timestamp?
    }

    package private(set) var head: Int64?
    package private(set) var heardAt: Timestamp?
    package private(set) var asOf: Timestamp?
    private var pending: [Pending] = []

    package init(head: Int64? = nil, heardAt: Timestamp? = nil, asOf: Timestamp? = nil) {
        self.head = head
        self.heardAt = heardAt
        self.asOf = asOf
    }

    /// A pulse arrived that names this head and digest; its source sends one in every such interval.
    package mutating func pulse(head: Int64, digest: UInt64, at moment: Timestamp, intervalMilliseconds: Int64) {
        self.head = head
        let gap = heardAt.map { moment.since($0) }
        let isTimely = gap.map { 2 * $0 >= intervalMilliseconds && 2 * $0 <= 3 * intervalMilliseconds } ?? false
        heardAt = moment
        // The source has gone back, or the pulse is late: what lies above it may never come.
        pending.removeAll { $0.head > head }
        pending.append(Pending(head: head, digest: digest, receivedAt: isTimely ? moment : nil))
        if pending.count > Self.pendingMax { pending.remove(at: pending.count / 2) }
    }

    /// Everything up to `watermark` is applied. `digest` is that of the entries when nothing above it is; a pulse of
    /// the same head whose digest is another is not caught up with.
    package mutating func advance(watermark: Int64, digest: UInt64?) -> Comparison {
        var comparison = Comparison.unknown
        while let first = pending.first, first.head <= watermark {
            pending.removeFirst()
            if let digest, first.head == watermark {
                comparison = first.digest == digest ? .agrees : .differs
                if comparison == .differs { continue }
            }
            if let receivedAt = first.receivedAt { asOf = receivedAt }
        }
        return comparison
    }

    /// The source began a new epoch: what was known of its journal no longer holds.
    package mutating func restart() {
        head = nil
        asOf = nil
        pending = []
    }
}
