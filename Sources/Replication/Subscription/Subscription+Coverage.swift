package import CareRecord

extension Subscription {
    /// What is known of the source, which is connected, judged at `now`. A source that is silent is called so whatever
    /// else is known, because the rest is as old as its last pulse.
    package func coverage(at now: Timestamp, silentAfterMilliseconds: Int64) -> SourceCoverage {
        // Of an epoch that is over, nothing counts.
        let watermark = isOfHeardEpoch ? progress.applied.watermark : 0
        return SourceCoverage(
            hie: source,
            state: state(watermark: watermark, at: now, silentAfterMilliseconds: silentAfterMilliseconds),
            asOf: freshness.asOf, watermark: watermark, head: freshness.head, held: held)
    }

    private func state(watermark: Int64, at now: Timestamp, silentAfterMilliseconds: Int64) -> CoverageState {
        guard let heardAt = freshness.heardAt, let head = freshness.head,
            now.since(heardAt) <= silentAfterMilliseconds
        else { return .silent(since: freshness.heardAt) }
        if watermark < head, freshness.asOf == nil { return .joining(applied: watermark, of: head) }
        if held > 0 { return .held(deadLetters: held) }
        if watermark < head { return .behind(changes: head - watermark) }
        return isDiffering || isAhead || !isOfHeardEpoch || freshness.asOf == nil ? .differing : .complete
    }
}
