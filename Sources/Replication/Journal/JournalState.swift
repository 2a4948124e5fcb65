package import CareRecord

/// A journal's numbering, how far it reaches and how far it is published.
package struct JournalState: Sendable, Equatable {
    package var epoch: Epoch
    package var head: Int64
    /// Every change up to here was confirmed by the broker; never above `head`.
    package var publishedThrough: Int64
    package var digest: BucketDigest

    package init(epoch: Epoch, head: Int64 = 0, publishedThrough: Int64 = 0, digest: BucketDigest = BucketDigest()) {
        self.epoch = epoch
        self.head = head
        self.publishedThrough = publishedThrough
        self.digest = digest
    }

    /// Whether somebody who holds `witness` of this journal has seen more of it than there is: the file was restored
    /// from an older copy, or replaced by an empty one. Its numbers would be given out twice: a new epoch must begin.
    package func isBehind(_ witness: JournalWitness) -> Bool {
        guard let seen = witness.epoch else { return false }
        return seen > epoch || (seen == epoch && witness.through > head)
    }

    /// Begins the epoch that follows both the present one and what was seen, with the numbers as they stand.
    ///
    /// Nothing is published again: subscribers replace what they hold by asking. `nil` where what was seen cannot be
    /// followed (`Epoch.following`).
    package func beginning(
        after witness: JournalWitness, at now: Timestamp, using generator: inout some RandomNumberGenerator
    ) -> JournalState? {
        let last = max(epoch, witness.epoch ?? epoch)
        guard let next = Epoch.following(last, at: now, using: &generator) else { return nil }
        return JournalState(epoch: next, head: head, publishedThrough: head, digest: digest)
    }
}

/// What somebody has seen of a journal: an epoch, and the highest number of it.
package struct JournalWitness: Sendable, Hashable {
    /// `nil` for somebody who has seen nothing.
    package let epoch: Epoch?
    package let through: Int64

    package init(epoch: Epoch?, through: Int64) {
        self.epoch = epoch
        self.through = through
    }
}
