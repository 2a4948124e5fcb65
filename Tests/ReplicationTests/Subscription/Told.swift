import CareRecord
import TestSupport

@testable import Replication

/// A subscription that is told things at moments of its own clock, and what it wants done.
struct Told {
    static let early = SampleSource.early
    static let late = SampleSource.late

    var subscription: Subscription
    var now = Timestamp(milliseconds: 1_000_000)

    init(limits: Subscription.Limits = Subscription.Limits()) {
        subscription = Subscription(barts, limits: limits)
        subscription.restore(
            SourceProgress(), digest: 0, Freshness(heardAt: Timestamp(milliseconds: now.milliseconds - 1)))
    }

    mutating func wait(_ milliseconds: Int64) { now = Timestamp(milliseconds: now.milliseconds + milliseconds) }

    mutating func pulse(_ head: Int64, digest: UInt64 = 0, epoch: Epoch = Told.early) {
        // As if the one before had been due one interval ago.
        if subscription.freshness.heardAt == now { wait(1) }
        let gap = subscription.freshness.heardAt.map { now.since($0) } ?? 1
        let pulse = Pulse(
            source: barts, epoch: epoch, head: head, digest: digest, intervalMilliseconds: max(1, gap))
        subscription.pulse(pulse, at: now)
    }

    mutating func advanced(
        _ watermark: Int64, _ islands: [(Int64, Int64)] = [], digest: UInt64 = 0, epoch: Epoch? = Told.early
    ) {
        subscription.advanced(Self.progress(watermark, islands, epoch: epoch), digest: digest, at: now)
    }

    static func progress(
        _ watermark: Int64, _ islands: [(Int64, Int64)] = [], epoch: Epoch? = Told.early
    ) -> SourceProgress {
        SourceProgress(
            epoch: epoch,
            applied: AppliedRanges(
                watermark: watermark, islands: islands.map { AppliedRanges.Island(after: $0.0, through: $0.1) }))
    }

    mutating func handle(_ event: Subscription.Event) -> [Subscription.Action] {
        subscription.handle(event, at: now)
    }

    mutating func tick(after milliseconds: Int64 = 0) -> [Subscription.Action] {
        wait(milliseconds)
        return handle(.tick)
    }

    mutating func answer(_ question: Int, _ answer: Answer) -> [Subscription.Action] {
        handle(.answered(question: question, answer))
    }

    var coverage: SourceCoverage { subscription.coverage(at: now, silentAfterMilliseconds: 7000) }

    static func page(_ after: Int64, _ through: Int64, epoch: Epoch = Told.early, source: HIEIdentifier = barts)
        -> IncomingBatch
    {
        IncomingBatch(
            batch: ChangeBatch(source: source, epoch: epoch, after: after, through: through, changes: []))
    }

    static func changes(_ after: Int64, _ through: Int64, head: Int64, epoch: Epoch = Told.early) -> Answer {
        .changes(page(after, through, epoch: epoch), head: head)
    }

    static func buckets(
        _ numbers: [Int], _ after: Int64, _ through: Int64, head: Int64, epoch: Epoch = Told.early,
        source: HIEIdentifier = barts
    ) -> IncomingBuckets {
        IncomingBuckets(
            page: BucketPage(
                source: source, epoch: epoch, head: head, buckets: BucketSet(numbers) ?? .all, after: after,
                through: through, changes: []))
    }

    static func digest(_ buckets: [Int: UInt64]) -> BucketDigest {
        var digest = BucketDigest()
        for (bucket, value) in buckets { digest[bucket] = value }
        return digest
    }

    static func state(_ head: Int64, _ buckets: [Int: UInt64] = [:], epoch: Epoch = Told.early) -> Answer {
        .state(JournalSummary(epoch: epoch, head: head, digest: digest(buckets)))
    }
}
