import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Storage

/// Publishes the journal to the region's broker: batches that adapt to the load, confirms in any order, and a
/// published-through that survives a crash. Sends the pulses on the same session.
actor Outbox: Service {
    /// Losing this much progress costs publishing it again, so a burst of confirms is written down once.
    private static let persistInterval = Duration.milliseconds(50)
    /// A pulse outlives this many periods, then the broker forgets it.
    private static let pulseLifetimePeriods: Int64 = 3

    private static let part = "outbox"
    /// Pages that are read and published together.
    private static let pagesMax = 64

    private let source: HIEIdentifier
    private let records: RecordStore
    private let line: BrokerLine
    private let retry: StorageRetry
    private let settings: WorkerSettings
    private let counters: CounterBoard
    private let published: HeadSignal
    private let durations: DurationCounts
    private let clock: WallClock
    private let logger: Logger
    private var machine: OutboxMachine
    private var persistedThrough: Int64 = 0
    private var lastPersistedAt = ContinuousClock.now
    private var confirmTimes = ConfirmTimes()
    private var lastConfirmTime = Duration.zero
    private var pace = Pace.messages
    /// The feed, while it waits for settlements.
    private var feedWaiter: CheckedContinuation<Void, Never>?
    /// Counts the rounds of settlements.
    private var settledRounds = 0

    init(
        settings: WorkerSettings, records: RecordStore, line: BrokerLine, retry: StorageRetry,
        counters: CounterBoard, published: HeadSignal, durations: DurationCounts, clock: WallClock, logger: Logger
    ) {
        source = settings.hie
        self.settings = settings
        self.records = records
        self.line = line
        self.retry = retry
        self.counters = counters
        self.published = published
        self.durations = durations
        self.clock = clock
        self.logger = logger
        machine = OutboxMachine(publishedThrough: 0, limits: settings.outbox)
    }

    func run() async throws {
        await line.run { session in try await self.work(session) }
    }

    private func work(_ session: Session) async throws {
        try await session.inspectExchange(BrokerNames.changesExchange)
        // The last thing to be declared: with it the queues are bound.
        try await session.inspectExchange(BrokerNames.repliesExchange)
        let state = try await journalState()
        machine = OutboxMachine(publishedThrough: state.publishedThrough, limits: settings.outbox)
        confirmTimes = ConfirmTimes()
        persistedThrough = state.publishedThrough
        published.advance(to: persistedThrough)
        line.noteConnected()
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.settle(session) }
            group.addTask { try await self.pulse(session) }
            group.addTask { try await self.feed(session) }
            defer { group.cancelAll() }
            // Only the feed returns, when the worker stops; the others end with the session.
            try await group.next()
            try await self.finish(session)
        }
    }

    /// Reads what waits and sends it, as much and as often as the machine demands.
    private func feed(_ session: Session) async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.feedUntilCancelled(session) }
        } catch {
            // What was not sent at a stop waits in the journal for the next start.
            guard Task.isShuttingDownGracefully else { throw error }
        }
    }

    private func feedUntilCancelled(_ session: Session) async throws {
        for await _ in records.head.heads() {
            while !Task.isCancelled {
                let rounds = settledRounds
                guard machine.demand != .nothing else {
                    await settlement(after: rounds)
                    continue
                }
                try await pace.rest()
                let pages = try await pages(after: machine.sentThrough, countMax: machine.room)
                guard !pages.isEmpty else { break }
                let due = machine.due(pages)
                guard due > 0 else {
                    await settlement(after: rounds)
                    continue
                }
                try await send(pages.prefix(due), session)
            }
        }
    }

    private func send(_ pages: ArraySlice<JournalPage>, _ session: Session) async throws {
        let moment = clock.now
        let outgoing = pages.map { ChangeBatch.message(source: source, $0, sentAt: moment) }
        let numbers: ClosedRange<UInt64>
        let sentAt = ContinuousClock.now
        do throws(AMQPError) {
            numbers = try await session.publish(outgoing)
        } catch {
            // While the broker takes nothing the same pages are read and sent again.
            guard error.code == .blocked else { throw error }
            return
        }
        counters.count { counters in
            counters.changesPublished += pages.reduce(0) { $0 + Int64($1.changeCount) }
            counters.messagesPublished += Int64(pages.count)
        }
        pace.worked(for: lastConfirmTime, isFull: pages.last?.isFull ?? false)
        for (page, number) in zip(pages, numbers) {
            if let duration = confirmTimes.sent(number, at: sentAt) { took(duration) }
            try note(machine.sent(number: number, through: page.through, bytes: page.body.count))
        }
    }

    private func settle(_ session: Session) async throws {
        while true {
            for settlement in try await session.nextSettlements() {
                switch settlement.outcome {
                case .confirmed:
                    if let duration = confirmTimes.confirmed(settlement.number, at: .now) { took(duration) }
                    try note(machine.confirmed(settlement.number))
                case .returned:
                    // Nobody subscribes: the journal keeps the change for whoever joins.
                    counters.count { $0.messagesUnroutable += 1 }
                    try note(machine.confirmed(settlement.number))
                case .refused:
                    counters.count { $0.messagesRefused += 1 }
                    try note(machine.refused(settlement.number))
                }
            }
            wakeFeed()
            if lastPersistedAt.duration(to: .now) > Self.persistInterval { try await persist() }
        }
    }

    private func took(_ duration: Duration) {
        lastConfirmTime = duration
        durations.record(duration)
    }

    private func note(_ settlement: OutboxMachine.Settlement) throws {
        switch settlement {
        case .publishedThrough(let through): published.advance(to: through)
        case .unchanged: break
        case .refused:
            throw AMQPError(.blocked, "the broker refused a change message: it is sent again")
        }
    }

    /// Writes down how far the journal is published.
    private func persist() async throws {
        lastPersistedAt = .now
        let through = machine.publishedThrough
        guard through > persistedThrough else { return }
        persistedThrough = through
        try await retry.run(Self.part) { [records] () async throws(StorageError) in
            try await records.published(through: through)
        }
    }

    private func journalState() async throws -> JournalState {
        try await retry.run(Self.part) { [records] () async throws(StorageError) in try await records.journalState() }
    }

    private func pages(after: Int64, countMax: Int) async throws -> [JournalPage] {
        try await retry.run(Self.part) { [records, settings] () async throws(StorageError) in
            try await records.journalPages(
                after: after, limits: settings.outbox.page, countMax: min(countMax, Self.pagesMax))
        }
    }

    private func pulse(_ session: Session) async throws {
        let interval = settings.pulseIntervalMilliseconds
        while true {
            try await persist()
            let state = try await journalState()
            let pulse = Pulse(
                source: source, epoch: state.epoch, head: state.head, digest: state.digest.total,
                intervalMilliseconds: interval)
            let outgoing = pulse.message(sentAt: clock.now, lifetimeMilliseconds: interval * Self.pulseLifetimePeriods)
            do throws(AMQPError) {
                _ = try await session.publishConfirmed(
                    outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey)
                counters.count { $0.pulsesSent += 1 }
            } catch {
                // A pulse that a blocked broker did not take is not worth sending late: the next one says more.
                guard error.code == .blocked else { throw error }
            }
            try await Task.sleep(for: .milliseconds(interval))
        }
    }

    /// The worker stops: waits for the confirms under way and writes down what is published.
    private func finish(_ session: Session) async throws {
        let deadline = ContinuousClock.now + .seconds(settings.stopTimeoutSeconds)
        while machine.inFlightCount > 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(10))
        }
        try await persist()
    }

    /// Suspends until there were settlements after that many rounds of them. The count is looked at where the wait
    /// begins: a round may have come between the decision to wait and the wait.
    private func settlement(after rounds: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled || settledRounds != rounds { return continuation.resume() }
                feedWaiter?.resume()
                feedWaiter = continuation
            }
        } onCancel: {
            // A cancellation handler cannot await: the hop to the actor needs a task of its own, which ends at once.
            Task { await self.wakeFeed() }
        }
    }

    private func wakeFeed() {
        settledRounds += 1
        feedWaiter?.resume()
        feedWaiter = nil
    }
}
