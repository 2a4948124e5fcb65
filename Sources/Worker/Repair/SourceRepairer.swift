import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Topology

/// Does what the subscription to one source wants done: asks, writes, compares, mends.
///
/// Questions wait in tasks of their own. Everything that touches the index is done in the order in which it was wanted,
/// one thing after the other.
struct SourceRepairer: Service {
    static let part = "repair"
    private static let ticksPerHoleAge: Int64 = 4

    let source: HIEIdentifier
    let topology: TopologyBoard
    let coverage: CoverageBoard
    let questioner: Questioner
    let index: IndexWriter
    let parking: Parking
    let holeAgeMilliseconds: Int64
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    /// Actions that are done one after the other.
    private struct Job {
        let actions: [Subscription.Action]
        let era: Int
    }

    private enum Turn {
        case tick
        case asked(Subscription.Event, era: Int)
        case done([Subscription.Event], era: Int)
    }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await follow() }
        } catch {
            // What is still missing at a stop is asked for after the next start.
            guard Task.isShuttingDownGracefully || Task.isCancelled else { throw error }
        }
    }

    private func follow() async throws {
        // Left over from a run that ended while it mended.
        try await index.forgetTombstones(of: source, for: Self.part)
        try await withThrowingTaskGroup(of: Turn.self) { group in
            defer { group.cancelAll() }
            var jobs: [Job] = []
            var isWorking = false
            group.addTask { try await tick() }
            while let turn = try await group.next() {
                switch turn {
                case .tick:
                    // Of an HIE that is not connected any more nothing is asked.
                    if topology.present.connected.contains(source) { handle(.tick, era: nil, &jobs, &group) }
                    group.addTask { try await tick() }
                case .asked(let event, let era):
                    handle(event, era: era, &jobs, &group)
                case .done(let events, let era):
                    isWorking = false
                    for event in events { handle(event, era: era, &jobs, &group) }
                }
                if !isWorking, !jobs.isEmpty {
                    let job = jobs.removeFirst()
                    isWorking = true
                    group.addTask { .done(try await perform(job), era: job.era) }
                }
            }
        }
    }

    private func tick() async throws -> Turn {
        try await Task.sleep(for: .milliseconds(max(1, holeAgeMilliseconds / Self.ticksPerHoleAge)))
        return .tick
    }

    /// Tells the subscription, and takes up what it wants done. A question leaves at once, unless withdrawals must be
    /// remembered first.
    private func handle(
        _ event: Subscription.Event, era: Int?, _ jobs: inout [Job], _ group: inout ThrowingTaskGroup<Turn, any Error>
    ) {
        let (actions, era) = coverage.handle(event, of: source, era: era, at: clock.now)
        if actions.contains(.keepTombstones) {
            jobs.append(Job(actions: actions, era: era))
            return
        }
        for action in actions {
            if case .ask(let number, let subject) = action {
                group.addTask { .asked(await ask(number, subject), era: era) }
            } else {
                jobs.append(Job(actions: [action], era: era))
            }
        }
    }

    private func ask(_ number: Int, _ subject: Question.Subject) async -> Subscription.Event {
        switch await questioner.ask(subject, of: source) {
        case .answered(let answer):
            return .answered(question: number, answer)
        case .unanswered(let reason):
            logger.debug("question.unanswered", metadata: ["source.hie": "\(source)", "reason": "\(reason)"])
            return .unanswered(question: number, reason: reason)
        }
    }

    /// Returns what there is to tell about it.
    private func perform(_ job: Job) async throws -> [Subscription.Event] {
        var events: [Subscription.Event] = []
        for action in job.actions {
            switch action {
            case .ask(let number, let subject):
                if case .buckets(let buckets, after: 0) = subject { noteDivergence(buckets) }
                events.append(await ask(number, subject))
            case .write(let page):
                try await write(page)
                events.append(.written)
            case .readDigest:
                let (digest, progress) = try await index.digest(of: source, for: Self.part)
                events.append(.digestRead(digest, progress))
            case .keepTombstones:
                try await index.keepTombstones(of: source, era: job.era, for: Self.part)
            case .mend(let page):
                try await mend(page, era: job.era)
                events.append(.written)
            case .forgetTombstones:
                try await index.forgetTombstones(of: source, for: Self.part)
            }
        }
        return events
    }

    private func write(_ page: IncomingBatch) async throws {
        if !page.letters.isEmpty { try await parking.park(page.letters, broker: broker) }
        let applied = try await index.apply([page.batch], for: Self.part, from: origin)
        let repaired = applied.appliedBySource.values.reduce(0, +)
        counters.count {
            $0.pagesApplied += 1
            $0.changesRepaired += Int64(repaired)
        }
        logger.debug(
            "repair.page.applied",
            metadata: [
                "source.hie": "\(source)", "page.after": "\(page.batch.after)", "page.through": "\(page.batch.through)",
                "page.changed": "\(repaired)",
            ])
    }

    private func mend(_ page: IncomingBuckets, era: Int) async throws {
        if !page.letters.isEmpty { try await parking.park(page.letters, broker: broker) }
        let mended = try await index.replace(page.page, era: era, for: Self.part)
        counters.count {
            $0.pagesApplied += 1
            $0.rowsMended += Int64(mended)
        }
        if mended > 0 {
            logger.notice("index.mended", metadata: ["source.hie": "\(source)", "index.rows": "\(mended)"])
        }
    }

    private var isOwn: Bool { source == questioner.seat.journal }

    /// Over which pages come; own ones need none.
    private var broker: String? { isOwn ? nil : topology.present.link(to: source)?.name }

    private var origin: ChangeOrigin {
        isOwn
            ? ChangeOrigin(queue: JournalDesk.ownQueue)
            : ChangeOrigin(broker: broker, queue: BrokerNames.changesQueue(questioner.seat))
    }

    private func noteDivergence(_ buckets: BucketSet) {
        counters.count { $0.divergences += 1 }
        logger.warning(
            "index.diverged", metadata: ["source.hie": "\(source)", "index.buckets": "\(buckets.numbers.count)"])
    }
}
