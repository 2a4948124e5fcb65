import AMQP
import CareRecord
import Replication
import Storage
import Topology

/// One run of one plan, from where its results end.
struct ReplayRun {
    enum Event: Sendable {
        case settled([SettledLetter])
        case trouble(ReplayRoad.Trouble)
        /// Somebody changed the plan's state.
        case woken
        case tick
    }

    enum Outcome: Sendable {
        case finished
        case stopped(String)
        /// Somebody has to do something before it can go on.
        case stuck(String)
        /// Somebody else has put the plan into another state.
        case moved
    }

    static let tickMilliseconds: Int64 = 20
    /// Letters read from the file at once.
    private static let pageMax = 512
    /// Bytes on their way; a single larger letter goes alone.
    private static let inFlightBytesMax = 32 << 20
    /// Nothing came back for so long: what is on its way is sent again.
    private static let silenceMilliseconds: Int64 = 30_000
    private static let silencesMax = 5
    private static let troublePauseMilliseconds: Int64 = 1000

    private let plan: ReplayPlan
    private let order: ReplayOrder
    private let seat: Seat
    private let store: DeadLetterStore
    private let desk: ReplayDesk
    private let board: ReplayBoard
    private let road: ReplayRoad
    private let topology: TopologyBoard
    private let retry: StorageRetry
    private let clock: WallClock
    private var pace: ReplayPace
    /// Read and not sent, in order.
    private var waiting: ArraySlice<DueLetter> = []
    /// Positions up to here have been read.
    private var readThrough = 0
    private var isAllRead = false
    /// Of the letters on their way, in bytes.
    private var sizes: [Int64: Int] = [:]
    private var inFlightBytes = 0
    private var settledCount = 0
    private var movedAt: Timestamp
    private var silences = 0
    private var notBefore: Timestamp?

    init(
        plan: ReplayPlan, order: ReplayOrder, seat: Seat, store: DeadLetterStore, desk: ReplayDesk,
        board: ReplayBoard, road: ReplayRoad, topology: TopologyBoard, retry: StorageRetry, clock: WallClock
    ) {
        self.plan = plan
        self.order = order
        self.seat = seat
        self.store = store
        self.desk = desk
        self.board = board
        self.road = road
        self.topology = topology
        self.retry = retry
        self.clock = clock
        movedAt = clock.now
        pace = ReplayPace(
            canary: max(0, order.canary - plan.results.total), ratePerSecond: order.ratePerSecond,
            stopOnFailures: order.stopOnFailures, now: clock.now.milliseconds)
    }

    /// Until everything of the plan has a result, or it cannot go on.
    mutating func follow(_ events: AsyncStream<Event>) async throws -> Outcome {
        if let outcome = try await advance() { return outcome }
        for await event in events {
            switch event {
            case .settled(let letters): note(letters)
            case .trouble(.passing(let reason)): takeBack(because: reason)
            case .trouble(.lasting(let reason)): return .stuck(reason)
            case .woken: if try await !isRunning() { return .moved }
            case .tick: if let outcome = checkSilence() { return outcome }
            }
            if let reason = pace.stop, pace.inFlight == 0 { return .stopped(reason) }
            if let outcome = try await advance() { return outcome }
        }
        throw CancellationError()
    }

    /// Sends what may be sent.
    private mutating func advance() async throws -> Outcome? {
        if let notBefore {
            guard clock.now >= notBefore else { return nil }
            self.notBefore = nil
        }
        while true {
            let allowance = pace.allowance(at: clock.now.milliseconds)
            guard allowance > 0, inFlightBytes < Self.inFlightBytesMax else { return nil }
            if waiting.isEmpty { try await read() }
            guard !waiting.isEmpty else { return pace.inFlight == 0 ? .finished : nil }
            do throws(ReplayRoad.Trouble) {
                try await send(allowance)
            } catch {
                switch error {
                case .passing(let reason):
                    takeBack(because: reason)
                    return nil
                case .lasting(let reason): return .stuck(reason)
                }
            }
        }
    }

    private mutating func read() async throws {
        guard !isAllRead else { return }
        let (plan, after) = (plan.id, readThrough)
        let page = try await retry.run(ReplayDesk.part) { [store] () async throws(StorageError) in
            try await store.dueLetters(of: plan, after: after, limit: Self.pageMax)
        }
        readThrough = page.last?.position ?? readThrough
        isAllRead = page.isEmpty
        waiting = page[...]
    }

    /// Sends the next letters, so many at most, that go the same way.
    private mutating func send(_ countMax: Int) async throws(ReplayRoad.Trouble) {
        let reader = desk.reader
        var way: ReplayRoad.Way?
        var letters: [LetterInFlight] = []
        var messages: [Message] = []
        var settled: [SettledLetter] = []
        while let due = waiting.first, letters.count + settled.count < countMax, inFlightBytes < Self.inFlightBytesMax {
            waiting.removeFirst()
            if let verdict = try await verdict(withoutSending: due) {
                settled.append(SettledLetter(letter: due.id, verdict: verdict))
                continue
            }
            // An edit or a discard since the plan was made: it is not what somebody looked at.
            guard due.isUnchanged, due.state == .parked else { continue }
            var message = due.message
            message.prepare(due.subject)
            let batch: ChangeBatch
            do throws(Rejection) {
                batch = try reader.read(prepared: message, due.subject, routingKey: due.routingKey)
            } catch {
                settled.append(SettledLetter(letter: due.id, verdict: .failed(error)))
                continue
            }
            let next = self.way(of: due, batch)
            if !letters.isEmpty, next != way {
                waiting = [due] + waiting
                break
            }
            way = next
            letters.append(LetterInFlight(letter: due.id, identity: due.identity, body: message.body, batch: batch))
            message.mark(ReplayMark(seat: seat, plan: plan.id, letter: due.id))
            if next != nil { messages.append(message) }
            sizes[due.id] = message.body.count
            inFlightBytes += message.body.count
        }
        for letter in settled { sizes[letter.letter] = 0 }
        pace.noteSent(letters.count + settled.count)
        do {
            try await desk.settle(settled, of: plan.id)
            guard !letters.isEmpty else { return }
            desk.expect(letters)
            if way == nil { try await desk.redeem(letters, of: plan.id) }
        } catch {
            throw .passing("\(error)")
        }
        if let way { try await road.send(messages, way) }
    }

    /// What has ended by itself since the plan was made, unless this plan had applied it by then.
    private func verdict(withoutSending due: DueLetter) async throws(ReplayRoad.Trouble) -> LetterVerdict? {
        guard due.state == .resolved else { return nil }
        do throws(StorageError) {
            if let known = try await desk.outcome(of: due, in: plan.id) { return known }
        } catch {
            throw .passing(error.description)
        }
        return switch due.resolution {
        case .applied, .duplicate, .covered: .duplicate
        case .superseded, nil: .superseded(by: nil)
        }
    }

    /// `nil`: straight into the index.
    private func way(of letter: DueLetter, _ batch: ChangeBatch) -> ReplayRoad.Way? {
        let source = batch.source
        guard order.target != .local, source != seat.journal else { return nil }
        let view = topology.present
        let home = view.link(to: source)?.name
        switch order.target {
        case .local: return nil
        case .everybody: return .toEverybody(link: home ?? letter.broker ?? "", source)
        case .subscriber:
            let origin = letter.broker.flatMap { view.link(named: $0)?.name }
            return .toSubscriber(link: origin ?? home ?? "")
        }
    }

    private mutating func note(_ letters: [SettledLetter]) {
        // What an earlier run had sent and this one has not comes back as well.
        let own = letters.filter { letter in
            guard let size = sizes.removeValue(forKey: letter.letter) else { return false }
            inFlightBytes -= size
            return true
        }
        pace.noteSettled(own.count, failed: own.count { if case .failed = $0.verdict { true } else { false } })
        settledCount += letters.count
        movedAt = clock.now
        silences = 0
        board.note(window: pace.window, settled: settledCount, at: clock.now)
    }

    /// The letters on their way are read and sent again, after a moment.
    private mutating func takeBack(because reason: String) {
        desk.forgetExpected()
        pace.takeBack()
        waiting = []
        readThrough = 0
        isAllRead = false
        sizes = [:]
        inFlightBytes = 0
        movedAt = clock.now
        notBefore = Timestamp(milliseconds: clock.now.milliseconds + Self.troublePauseMilliseconds)
        board.note(trouble: reason)
    }

    private mutating func checkSilence() -> Outcome? {
        guard pace.inFlight > 0, clock.now.isPast(movedAt, byMilliseconds: Self.silenceMilliseconds) else { return nil }
        silences += 1
        let reason = "nothing came back for \(Self.silenceMilliseconds / 1000) s: see wherry status for the broker"
        if silences > Self.silencesMax { return .stuck(reason) }
        takeBack(because: reason)
        return nil
    }

    private func isRunning() async throws -> Bool {
        let id = plan.id
        let state = try await retry.run(ReplayDesk.part) { [store] () async throws(StorageError) in
            try await store.plan(id)?.state
        }
        return state == .running
    }
}
