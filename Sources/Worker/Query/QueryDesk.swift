import CareRecord
import Logging
import Replication
import Storage
import Topology

/// Asks those who hold something of a patient, all at once, and gathers what they answer.
///
/// A slow peer costs at most the deadline and never another one's answer (promise P5). What is shown was written down
/// before (promise P8).
struct QueryDesk: Sendable {
    let seat: Seat
    let topology: TopologyBoard
    let correspondence: Correspondence
    /// `nil` at a replica, which asks its primary for the own HIE's part.
    let records: RecordDesk?
    let breakers: BreakerBoard
    let trail: AccessTrail
    let budget: ByteBudget
    let limits: Gathering.Limits
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    /// Tells `take` of everything, one thing after the other, and returns when each HIE has its answer. When `take`
    /// throws, or the task is cancelled, nobody is waited for any longer.
    func run(
        _ query: Query, _ lookup: Lookup, begunAt: ContinuousClock.Instant,
        _ take: (QueryEvent) async throws -> Void
    ) async throws {
        counters.count { $0.queries += 1 }
        let plan = QueryPlan(
            lookup, query.request.categories, topology: topology.present.topology, seat: seat,
            obstacle: { correspondence.obstacle(to: $0) }, admits: { breakers.admit($0) })
        let inbox = QueryInbox(
            Gathering(patient: query.request.patient, limit: query.request.limit, limits: limits), budget: budget)
        defer { for action in inbox.close() { _ = act(on: action, of: query) } }
        let ids = ask(plan.asked, query, inbox)
        defer { correspondence.forget(ids) }
        try await trail.note(
            AccessEvent(
                .recordAsked, patient: query.request.patient, requester: query.request.requester,
                detail: "\(query.request.extent); asked: \(plan.asked.map(\.text).joined(separator: ", "))"))
        try await take(.began(lookup, asked: plan.asked))
        for answer in plan.settled { try await take(.settled(answer)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                let ends = min(
                    begunAt + .milliseconds(query.deadlineMilliseconds),
                    inbox.begun + .milliseconds(query.peerDeadlineMilliseconds))
                try await Task.sleep(until: ends, clock: .continuous)
                inbox.take(.deadline)
            }
            if let records, plan.asked.contains(seat.hie) {
                group.addTask { try await readOwn(query.request, from: records, inbox) }
            }
            for await action in inbox.actions {
                if case .incident(let source) = action { await note(incident: source, query) }
                guard let event = act(on: action, of: query, plan.notes) else { continue }
                try await take(event)
            }
        }
        try Task.checkCancellation()
    }

    /// All of them at the same time; nobody waits for a broker here.
    private func ask(_ hies: [HIEIdentifier], _ query: Query, _ inbox: QueryInbox) -> [String] {
        // Everybody counts as asked before the first answer can come.
        for hie in hies {
            let broker = hie == seat.journal ? nil : topology.present.link(to: hie)?.name
            inbox.ask(hie, broker: broker, at: clock.now)
        }
        let ids = hies.filter { $0 != seat.journal }.compactMap { peer in
            correspondence.collect(
                .record(query.request), of: peer, lifetimeMilliseconds: query.peerDeadlineMilliseconds
            ) { event in
                switch event {
                case .sent: inbox.take(.sent(peer))
                case .answer(.record(let page)): inbox.take(.page(peer, page))
                case .answer(.refusal(let reason)): inbox.take(.refused(peer, reason: reason))
                case .answer(.changes), .answer(.buckets), .answer(.state):
                    inbox.take(.unreadable(peer, reason: "it is not to the question"))
                case .unreadable(let reason): inbox.take(.unreadable(peer, reason: reason))
                case .undelivered(let reason): inbox.take(.undelivered(peer, reason: reason))
                }
            }
        }
        inbox.asked()
        return ids
    }

    private func readOwn(_ request: RecordRequest, from records: RecordDesk, _ inbox: QueryInbox) async throws {
        do throws(StorageError) {
            var reading = try await records.begin(request)
            while let page = try await reading.next(), !Task.isCancelled {
                inbox.take(.page(seat.hie, IncomingRecordPage(page: page)))
            }
        } catch {
            inbox.take(.refused(seat.hie, reason: "the own records cannot be read (\(error.code.rawValue))"))
        }
    }

    /// Returns what is to be told of it.
    private func act(
        on action: Gathering.Action, of query: Query, _ notes: [HIEIdentifier: String] = [:]
    ) -> QueryEvent? {
        switch action {
        case .show(let source, let resources): return .resources(source, resources)
        case .withdraw(let source): return .withdrawn(source)
        case .settled(let answer): return .settled(answer.adding(notes[answer.hie]))
        case .incident: return nil
        case .judge(let source, let outcome):
            guard source != seat.journal else { return nil }
            if breakers.record(outcome, of: source, at: clock.now) {
                logger.notice(
                    "breaker.changed",
                    metadata: ["peer.hie": "\(source)", "breaker": "\(breakers.state(of: source).word)"])
            }
            return nil
        }
    }

    /// Somebody answered with another patient's data.
    private func note(incident source: HIEIdentifier, _ query: Query) async {
        counters.count { $0.foreignAnswers += 1 }
        logger.error(
            "answer.foreign",
            metadata: ["source.hie": "\(source)", "advice": "see GET /api/incidents and tell \(source)"])
        await trail.incident(
            AccessEvent(
                .foreignAnswer, hie: source, patient: query.request.patient, requester: query.request.requester,
                detail: "an answer held another patient's data; none of it was shown"))
    }
}

extension PeerAnswer {
    fileprivate func adding(_ note: String?) -> PeerAnswer {
        guard let note else { return self }
        return PeerAnswer(
            hie: hie, state: state, milliseconds: milliseconds, count: count, asOf: asOf,
            reason: reason.map { "\($0); \(note)" } ?? note, cause: cause)
    }
}
