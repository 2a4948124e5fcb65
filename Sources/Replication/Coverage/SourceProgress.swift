/// How far a subscriber is with one source's journal, and what it does with a range that arrives.
package struct SourceProgress: Sendable, Hashable {
    /// What becomes of an incoming range.
    package enum Verdict: Sendable, Hashable {
        /// Apply the changes whose numbers are not applied yet.
        case apply
        /// The source began a new epoch: remove what is held of it, then apply.
        case replace
        /// Every number of the range is applied.
        case duplicate
        /// The range belongs to an epoch that has been replaced.
        case stale
    }

    package private(set) var epoch: Epoch?
    package private(set) var applied: AppliedRanges
    /// The journal's head when the newest of the applied pages was read. A page leaves out what was superseded by then, so
    /// only at this number are the entries what they once were together at the source.
    package private(set) var reach: Int64

    package init(epoch: Epoch? = nil, applied: AppliedRanges = AppliedRanges(), reach: Int64 = 0) {
        self.epoch = epoch
        self.applied = applied
        self.reach = reach
    }

    package func verdict(epoch incoming: Epoch, after: Int64, through: Int64) -> Verdict {
        guard let epoch else { return .replace }
        if incoming < epoch { return .stale }
        if incoming > epoch { return .replace }
        return applied.contains(after: after, through: through) ? .duplicate : .apply
    }

    /// Begins `epoch` with nothing applied.
    package mutating func replace(with epoch: Epoch) {
        self.epoch = epoch
        applied = AppliedRanges()
        reach = 0
    }

    /// A page of this range is applied that was read while the journal ended at `head`.
    package mutating func apply(after: Int64, through: Int64, head: Int64) {
        applied.insert(after: after, through: through)
        reach = max(reach, head)
    }
}
