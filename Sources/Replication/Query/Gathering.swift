package import CareRecord

/// Gathers the answers of several HIEs to one question about one patient, as they come.
///
/// Whatever a peer sends, it takes at most so many pages and bytes, at the latest until the deadline, and says what
/// became of each HIE exactly once. Elapsed times are milliseconds since the query began.
package struct Gathering: Sendable {
    package struct Limits: Sendable, Hashable {
        package var pagesPerSourceMax = 512
        package var bytesPerSourceMax = 8 << 20
        /// Of all sources together.
        package var bytesMax = 32 << 20
        /// A peer that had less time than this and did not answer has not failed.
        package var fairMilliseconds: Int64 = 750

        package init() {}
    }

    package enum Event: Sendable {
        /// The broker has the question.
        case sent(HIEIdentifier)
        case page(HIEIdentifier, IncomingRecordPage)
        /// The answer says that there is none.
        case refused(HIEIdentifier, reason: String)
        /// An answer that cannot be read.
        case unreadable(HIEIdentifier, reason: String)
        /// The question did not leave, or its session ended.
        case undelivered(HIEIdentifier, reason: String)
        /// There is no room in this worker for the page that came.
        case noRoom(HIEIdentifier)
        /// Nobody waits any longer for those who were asked.
        case deadline
        /// The one who asked has gone.
        case abandoned
    }

    package enum Action: Sendable, Hashable {
        case show(HIEIdentifier, [RecordResource])
        /// Nothing that this HIE sent counts any more.
        case withdraw(HIEIdentifier)
        case settled(PeerAnswer)
        /// Another patient's data came from this HIE.
        case incident(HIEIdentifier)
        case judge(HIEIdentifier, CircuitBreaker.Outcome)
    }

    private struct Asked: Sendable {
        let at: Timestamp
        let elapsed: Int64
        let broker: String?
        var isSent = false
        var pages: Set<Int> = []
        var lastPage: Int?
        var count = 0
        var bytes = 0
        var omitted = 0
        var hasMore = false
    }

    private let patient: NHSNumber
    private let limit: Int
    private let limits: Limits
    private var asked: [HIEIdentifier: Asked] = [:]
    private var bytes = 0

    package init(patient: NHSNumber, limit: Int, limits: Limits = Limits()) {
        self.patient = patient
        self.limit = limit
        self.limits = limits
    }

    /// Whether nobody is left to wait for.
    package var isOver: Bool { asked.isEmpty }

    /// Whether its answer is still to come.
    package func isAsked(_ hie: HIEIdentifier) -> Bool { asked[hie] != nil }

    /// The HIE is asked now, over this broker; `nil` for the own one.
    package mutating func ask(_ hie: HIEIdentifier, broker: String?, at now: Timestamp, elapsed: Int64) {
        asked[hie] = Asked(at: now, elapsed: elapsed, broker: broker)
    }

    /// Events of HIEs that are not asked, or no longer, change nothing.
    package mutating func handle(_ event: Event, elapsed: Int64) -> [Action] {
        switch event {
        case .sent(let hie):
            asked[hie]?.isSent = true
            return []
        case .page(let hie, let page): return take(page, from: hie, elapsed)
        case .refused(let hie, let reason):
            let outcome = CircuitBreaker.Outcome.answered(milliseconds: elapsed - (asked[hie]?.elapsed ?? elapsed))
            // A peer that is too busy to answer is as slow as one that does not.
            let judged = reason == Reply.busy ? .failed(because: .refusal) : outcome
            return end(hie, .refused, cause: .refusal, reason: "it refuses: \(reason)", judged, elapsed)
        case .unreadable(let hie, let reason):
            return end(
                hie, .refused, cause: .peer, reason: "its answer cannot be read: \(reason)",
                .failed(because: .peer), elapsed)
        case .undelivered(let hie, let reason):
            let state: PeerAnswer.State = asked[hie]?.isSent == true ? .timedOut : .skipped
            return end(hie, state, cause: .broker, reason: reason, .abandoned, elapsed)
        case .noRoom(let hie):
            return end(
                hie, .refused, cause: .limit, reason: "this worker has no memory left for its answer: ask again",
                .abandoned, elapsed)
        case .deadline: return asked.keys.sorted().flatMap { timeOut($0, elapsed) }
        case .abandoned:
            defer { asked = [:] }
            return asked.keys.sorted().map { .judge($0, .abandoned) }
        }
    }

    private mutating func take(
        _ incoming: IncomingRecordPage, from hie: HIEIdentifier, _ elapsed: Int64
    ) -> [Action] {
        let page = incoming.page
        guard var source = asked[hie] else { return [] }
        guard !incoming.isMixed, page.patient == patient else {
            return [.incident(hie), .withdraw(hie)]
                + end(
                    hie, .refused, cause: .peer, reason: "its answer is of another patient, and is not shown",
                    .failed(because: .peer), elapsed, count: 0)
        }
        // The same page again, or one behind the last: an answer that came twice counts once.
        guard !source.pages.contains(page.number), source.lastPage.map({ page.number < $0 }) ?? true else { return [] }
        source.pages.insert(page.number)
        source.count += page.resources.count
        source.bytes += page.byteCount
        source.omitted += page.omitted
        source.hasMore = source.hasMore || page.hasMore
        if page.isLast { source.lastPage = page.number }
        guard source.pages.count <= limits.pagesPerSourceMax, source.bytes <= limits.bytesPerSourceMax,
            bytes + page.byteCount <= limits.bytesMax, source.count <= limit
        else {
            return end(
                hie, asked[hie]?.count == 0 ? .refused : .partial, cause: .limit,
                reason: "it sends more than this worker takes", .failed(because: .peer), elapsed)
        }
        bytes += page.byteCount
        asked[hie] = source
        let shown: [Action] = page.resources.isEmpty ? [] : [.show(hie, page.resources)]
        guard let last = source.lastPage, source.pages.count == last + 1 else { return shown }
        return shown + finish(hie, source, elapsed)
    }

    private mutating func finish(_ hie: HIEIdentifier, _ source: Asked, _ elapsed: Int64) -> [Action] {
        let outcome = CircuitBreaker.Outcome.answered(milliseconds: elapsed - source.elapsed)
        if source.omitted > 0 {
            return end(
                hie, .partial, cause: .limit,
                reason: "\(source.omitted) resources are too large to be sent", outcome, elapsed)
        }
        if source.hasMore {
            return end(hie, .partial, cause: .limit, reason: "it holds more than \(limit)", outcome, elapsed)
        }
        return end(hie, .answered, cause: nil, reason: nil, outcome, elapsed)
    }

    private mutating func timeOut(_ hie: HIEIdentifier, _ elapsed: Int64) -> [Action] {
        guard let source = asked[hie] else { return [] }
        let waited = elapsed - source.elapsed
        let cause: PeerAnswer.Cause = source.isSent || source.broker == nil || source.count > 0 ? .peer : .broker
        let outcome: CircuitBreaker.Outcome =
            waited < limits.fairMilliseconds ? .abandoned : .failed(because: cause)
        if source.count > 0 {
            return end(
                hie, .partial, cause: cause, reason: "the rest did not come within \(waited) ms", outcome, elapsed)
        }
        guard cause == .broker, let broker = source.broker else {
            return end(hie, .timedOut, cause: cause, reason: "no answer within \(waited) ms", outcome, elapsed)
        }
        return end(
            hie, .timedOut, cause: cause, reason: "broker \(broker) did not take the question within \(waited) ms",
            outcome, elapsed)
    }

    private mutating func end(
        _ hie: HIEIdentifier, _ state: PeerAnswer.State, cause: PeerAnswer.Cause?, reason: String?,
        _ outcome: CircuitBreaker.Outcome, _ elapsed: Int64, count: Int? = nil
    ) -> [Action] {
        guard let source = asked.removeValue(forKey: hie) else { return [] }
        let count = count ?? source.count
        // What came before it failed counts, and is a part.
        let state = state != .answered && count > 0 ? .partial : state
        let answer = PeerAnswer(
            hie: hie, state: state, milliseconds: elapsed - source.elapsed, count: count,
            asOf: state == .answered ? source.at : nil, reason: reason, cause: cause)
        return [.judge(hie, outcome), .settled(answer)]
    }
}
