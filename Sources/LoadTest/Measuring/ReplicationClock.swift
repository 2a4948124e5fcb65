/// How long changes take from their commit at the source until a subscriber has applied them. Pure.
///
/// A submission that was accepted waits, for each subscriber, until the subscriber's watermark of its source has
/// reached the head that the acceptance named. HIEs are numbers here, from 0.
struct ReplicationClock {
    /// Submissions of one source that wait for some subscriber; of more, the oldest are forgotten.
    static let waitingMax = 1_000_000

    /// Changes that a subscriber has applied.
    struct Applied: Equatable {
        let changes: Int
        /// From the intended send.
        let corrected: UInt64
        /// From the acceptance.
        let uncorrected: UInt64
        let intendedAt: UInt64
    }

    private struct Submission {
        let head: Int64
        let changes: Int
        let intendedAt: UInt64
        let acceptedAt: UInt64
    }

    private struct Source {
        /// In the order of their heads; the first of them is number `base`.
        var submissions: [Submission] = []
        var base = 0
        /// By subscriber: the number of the first submission that it has not applied.
        var next: [Int]
        var watermarks: [Int64]
    }

    /// Pairs of a change and a subscriber that were forgotten.
    private(set) var forgottenCount = 0
    private var sources: [Source]

    init(hies: Int) {
        sources = (0..<hies).map { _ in
            Source(next: Array(repeating: 0, count: hies), watermarks: Array(repeating: 0, count: hies))
        }
    }

    /// A submission was accepted at this moment. Tells of subscribers that have applied it already.
    mutating func accepted(
        source: Int, head: Int64, changes: Int, intendedAt: UInt64, at acceptedAt: UInt64,
        _ applied: (_ subscriber: Int, Applied) -> Void
    ) {
        let submission = Submission(head: head, changes: changes, intendedAt: intendedAt, acceptedAt: acceptedAt)
        // Answers to requests that ran at the same time may come in another order than their commits.
        var place = sources[source].submissions.count
        while place > 0, sources[source].submissions[place - 1].head > head { place -= 1 }
        sources[source].submissions.insert(submission, at: place)
        let number = sources[source].base + place
        for subscriber in sources.indices where subscriber != source {
            if sources[source].next[subscriber] > number {
                sources[source].next[subscriber] += 1
                applied(subscriber, Self.applied(submission, at: acceptedAt))
            } else {
                advance(source, subscriber, at: acceptedAt, applied)
            }
        }
        forget(source)
    }

    /// A subscriber's watermark was seen at this moment. One that goes back changes nothing: what was seen, was.
    mutating func progress(
        source: Int, subscriber: Int, watermark: Int64, at moment: UInt64,
        _ applied: (_ subscriber: Int, Applied) -> Void
    ) {
        guard subscriber != source, watermark > sources[source].watermarks[subscriber] else { return }
        sources[source].watermarks[subscriber] = watermark
        advance(source, subscriber, at: moment, applied)
        forget(source)
    }

    /// Changes of all sources that wait for a subscriber.
    func waitingCount(subscriber: Int) -> Int {
        sources.indices.reduce(0) { sum, source in
            guard source != subscriber else { return sum }
            let waiting = sources[source].submissions[(sources[source].next[subscriber] - sources[source].base)...]
            return sum + waiting.reduce(0) { $0 + $1.changes }
        }
    }

    private mutating func advance(
        _ source: Int, _ subscriber: Int, at moment: UInt64, _ applied: (Int, Applied) -> Void
    ) {
        let watermark = sources[source].watermarks[subscriber]
        var index = sources[source].next[subscriber] - sources[source].base
        while index < sources[source].submissions.count, sources[source].submissions[index].head <= watermark {
            applied(subscriber, Self.applied(sources[source].submissions[index], at: moment))
            index += 1
        }
        sources[source].next[subscriber] = sources[source].base + index
    }

    private mutating func forget(_ source: Int) {
        let subscribers = sources.indices.filter { $0 != source }
        // With nobody to wait for, nothing waits.
        let oldest = subscribers.map { sources[source].next[$0] }.min() ?? .max
        var done = min(oldest - sources[source].base, sources[source].submissions.count)
        let surplus = sources[source].submissions.count - Self.waitingMax
        if surplus > 0, surplus > done {
            for subscriber in subscribers {
                let waited = max(0, sources[source].base + surplus - sources[source].next[subscriber])
                let first = sources[source].next[subscriber] - sources[source].base
                forgottenCount += sources[source].submissions[first..<first + waited].reduce(0) { $0 + $1.changes }
                sources[source].next[subscriber] += waited
            }
            done = surplus
        }
        // Many at once: each removal moves all that is left.
        guard done >= 256 || done == sources[source].submissions.count else { return }
        sources[source].submissions.removeSubrange(..<done)
        sources[source].base += done
    }

    private static func applied(_ submission: Submission, at moment: UInt64) -> Applied {
        Applied(
            changes: submission.changes, corrected: moment - min(moment, submission.intendedAt),
            uncorrected: moment - min(moment, submission.acceptedAt), intendedAt: submission.intendedAt)
    }
}
