package import CareRecord

/// What the pulses of one source tell a subscriber: the head of its journal, when it was last heard, and as of when
/// the subscriber has everything.
///
/// "As of" is the moment at which the subscriber received the newest pulse that it has caught up with (design §3), so
/// no other machine's clock is trusted. Pulses not caught up with are remembered, at most `pendingMax`; when there are
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
        let receivedAt: Timestamp
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

    /// A pulse arrived that names this head and digest.
    package mutating func pulse(head: Int64, digest: UInt64, at moment: Timestamp) {
        self.head = head
        heardAt = moment
        // The source has gone back, or the pulse is late: what lies above it may never come.
        pending.removeAll { $0.head > head }
        pending.append(Pending(head: head, digest: digest, receivedAt: moment))
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
            asOf = first.receivedAt
        }
        return comparison
    }

    /// The source began a new epoch: what was known of its journal no longer holds.
    package mutating func restart() {
        head = nil
        asOf = nil
        pending = []
    }

    /// What was said about catching up is taken back: the entries are known to differ.
    package mutating func forgetPending() { pending = [] }
}
