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
            asOf: asOf(at: now), watermark: watermark, head: freshness.head, held: held)
    }

    /// A moment to come is of a clock that was set back since: nothing is known as of then.
    private func asOf(at now: Timestamp) -> Timestamp? { freshness.asOf.flatMap { $0 > now ? nil : $0 } }

    private func state(watermark: Int64, at now: Timestamp, silentAfterMilliseconds: Int64) -> CoverageState {
        guard let heardAt = freshness.heardAt, let heardHead = freshness.head,
            !now.isPast(heardAt, byMilliseconds: silentAfterMilliseconds)
        else { return .silent(since: freshness.heardAt) }
        let head = isOfHeardEpoch ? max(heardHead, progress.reach) : heardHead
        if asOf(at: now) == nil { return .joining(applied: watermark, of: head) }
        if held > 0 { return .held(deadLetters: held) }
        if watermark < head { return .behind(changes: head - watermark) }
        return isDiffering || isAhead || !isOfHeardEpoch || freshness.asOf == nil ? .differing : .complete
    }
}

extension Subscription {
    /// All of it in words, for a trace.
    package var words: String {
        let heard = heardEpoch.map { "\($0.epoch) since \($0.since)" } ?? "none"
        return """
            epoch \(progress.epoch?.text ?? "none"), watermark \(progress.applied.watermark), islands \
            \(progress.applied.islands.map { "(\($0.after), \($0.through)]" }), reach \(progress.reach), head \
            \(freshness.head.map { String($0) } ?? "none"), heard epoch \(heard), as of \
            \(freshness.asOf?.text ?? "never"), \(isDiffering ? "differing, " : "")\(isAhead ? "ahead, " : "")\(work)
            """
    }
}
