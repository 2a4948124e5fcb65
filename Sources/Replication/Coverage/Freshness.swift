package import CareRecord

/// What the pulses of one source tell a subscriber: the head of its journal, when it was last heard, and as of when
/// the subscriber has everything.
///
/// "As of" is the moment at which the subscriber received the newest pulse that it has caught up with (design §3), so
/// no other machine's clock is trusted. Pulses not caught up with are remembered, at most `pendingMax`; when there are
/// more, the middle ones are forgotten, which can only make "as of" older than the truth.
package struct Freshness: Sendable, Hashable {
    package static let pendingMax = 16

    package struct Pending: Sendable, Hashable {
        package let head: Int64
        package let receivedAt: Timestamp
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

    /// A pulse arrived that names `head`, while everything up to `watermark` was applied.
    package mutating func pulse(head: Int64, at moment: Timestamp, watermark: Int64) {
        self.head = head
        heardAt = max(heardAt ?? moment, moment)
        pending.append(Pending(head: head, receivedAt: moment))
        if pending.count > Self.pendingMax { pending.remove(at: pending.count / 2) }
        advance(watermark: watermark)
    }

    /// Everything up to `watermark` is applied.
    package mutating func advance(watermark: Int64) {
        while let first = pending.first, first.head <= watermark {
            asOf = max(asOf ?? first.receivedAt, first.receivedAt)
            pending.removeFirst()
        }
    }

    /// The source began a new epoch: what was known of its journal no longer holds.
    package mutating func restart() {
        head = nil
        asOf = nil
        pending = []
    }
}
