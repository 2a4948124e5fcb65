import AMQP
import CareRecord
import Logging
import NIOConcurrencyHelpers
import Replication
import Storage

/// A letter on its way back.
struct LetterInFlight: Sendable {
    let letter: Int64
    let identity: LetterIdentity
    let body: [UInt8]
    let batch: ChangeBatch
}

/// Where replayed letters arrive. A delivery's mark is believed only where the own store confirms it: the letter is in
/// that plan, has no result yet, and holds these very bytes. Index first, then the result: a crash in between repeats
/// the same verdict (promise P2).
final class ReplayDesk: Sendable {
    private struct State {
        var plan: Int64?
        var inFlight: [Int64: LetterInFlight] = [:]
        /// Back from the broker, and not settled: no more than the window of the run.
        var arrived: [LetterInFlight] = []
        var signal: AsyncStream<Void>.Continuation?
        var inbox: (@Sendable ([SettledLetter]) -> Void)?
    }

    private let seat: Seat
    private let store: DeadLetterStore
    private let index: IndexWriter
    private let held: HeldBoard
    private let topology: TopologyBoard
    private let retry: StorageRetry
    private let counters: CounterBoard
    private let clock: WallClock
    private let state = NIOLockedValueBox(State())

    static let part = "replay"
    /// Letters that share a transaction.
    private static let settledTogetherMax = 1024

    init(
        seat: Seat, store: DeadLetterStore, index: IndexWriter, held: HeldBoard, topology: TopologyBoard,
        retry: StorageRetry, counters: CounterBoard, clock: WallClock
    ) {
        self.seat = seat
        self.store = store
        self.index = index
        self.held = held
        self.topology = topology
        self.retry = retry
        self.counters = counters
        self.clock = clock
    }

    /// Reads letters as the intake would today.
    var reader: LetterReader {
        let view = topology.present
        return LetterReader(sources: Set(view.connected), vouched: view.vouched)
    }

    /// From here on letters of this plan are expected; `inbox` is told of each result.
    func begin(_ plan: Int64, _ inbox: @escaping @Sendable ([SettledLetter]) -> Void) {
        state.withLockedValue { $0 = State(plan: plan, inbox: inbox) }
    }

    func end() {
        state.withLockedValue { state in
            state.signal?.finish()
            state = State()
        }
    }

    func expect(_ letters: [LetterInFlight]) {
        state.withLockedValue { state in
            for letter in letters { state.inFlight[letter.letter] = letter }
        }
    }

    /// What was expected is sent again.
    func forgetExpected() {
        state.withLockedValue { state in
            state.inFlight = [:]
            state.arrived = []
        }
    }

    /// Takes what these deliveries bring. They are the broker's to forget afterwards: a letter without a result is sent
    /// again, whatever becomes of this process. What is expected waits for `settleArrived`, so that the changes behind
    /// it do not.
    func redeem(_ deliveries: [Delivery]) async throws {
        var byPlan: [Int64: [Int64: [UInt8]]] = [:]
        for delivery in deliveries {
            guard let mark = ReplayMark(delivery.message), mark.seat == seat else {
                counters.count { $0.replaysUnknown += 1 }
                continue
            }
            byPlan[mark.plan, default: [:]][mark.letter] = delivery.message.body
        }
        for (plan, bodies) in byPlan { try await redeem(bodies, of: plan) }
    }

    /// Straight into the index.
    func redeem(_ letters: [LetterInFlight], of plan: Int64) async throws {
        try await apply(letters, refused: [], of: plan)
    }

    /// Writes down what needs no index.
    func settle(_ letters: [SettledLetter], of plan: Int64) async throws {
        guard !letters.isEmpty else { return }
        let now = clock.now
        let (settled, ended) = try await retry.run("dead letters") { () async throws(StorageError) in
            try await store.settle(letters, of: plan, now: now)
        }
        held.remove(ended)
        counters.count { counters in
            for letter in settled { counters.replayed[letter.verdict.word, default: 0] += 1 }
        }
        let inbox = state.withLockedValue { state in
            for letter in letters { state.inFlight[letter.letter] = nil }
            return state.plan == plan ? state.inbox : nil
        }
        inbox?(letters)
    }

    /// What replaying each of these would do now, and what it says where it can be read.
    func foresee(
        _ letters: [LetterContent]
    ) async throws(StorageError) -> [(verdict: LetterVerdict, batch: ChangeBatch?)] {
        let reader = reader
        var readings: [Result<ChangeBatch, Rejection>] = []
        var redemptions: [Redemption] = []
        for letter in letters {
            do throws(Rejection) {
                let batch = try reader.read(letter)
                redemptions.append(Redemption(letter: letter.identity, plan: 0, batch: batch))
                readings.append(.success(batch))
            } catch {
                readings.append(.failure(error))
            }
        }
        var foreseen = try await index.foresee(redemptions).makeIterator()
        return readings.map { reading in
            switch reading {
            case .success(let batch): (foreseen.next() ?? .duplicate, batch)
            case .failure(let rejection): (.failed(rejection), nil)
            }
        }
    }

    /// What became of the letter in the plan before anybody could write that down.
    func outcome(of due: DueLetter, in plan: Int64) async throws(StorageError) -> LetterVerdict? {
        guard let batch = try? reader.read(due.content) else { return nil }
        return try await index.outcome(of: Redemption(letter: due.identity, plan: plan, batch: batch))
    }

    /// Forgets what the index has noted of a plan that is over: the plan has all of it.
    func forget(_ plan: Int64) async throws {
        try await index.forgetRedeemed(plan: plan, for: Self.part)
    }

    private func redeem(_ bodies: [Int64: [UInt8]], of plan: Int64) async throws {
        let unexpected = state.withLockedValue { state in
            guard state.plan == plan else { return bodies }
            return bodies.filter { letter, body in
                guard let known = state.inFlight[letter], known.body == body else { return true }
                state.inFlight[letter] = nil
                state.arrived.append(known)
                state.signal?.yield()
                return false
            }
        }
        if !unexpected.isEmpty { try await redeem(unexpected: unexpected, of: plan) }
    }

    private func redeem(unexpected bodies: [Int64: [UInt8]], of plan: Int64) async throws {
        let ids = Array(bodies.keys)
        let found = try await retry.run("dead letters") { () async throws(StorageError) in
            try await store.unsettled(ids, of: plan)
        }
        var letters: [LetterInFlight] = []
        var refused: [SettledLetter] = []
        for (id, body) in bodies {
            guard let letter = found[id], letter.message.body == body else {
                // Of an earlier sending whose result is written down, or nobody's.
                counters.count { $0.replaysUnknown += 1 }
                continue
            }
            do throws(Rejection) {
                letters.append(try letter.inFlight(reader))
            } catch {
                refused.append(SettledLetter(letter: id, verdict: .failed(error)))
            }
        }
        try await apply(letters, refused: refused, of: plan)
    }

    /// Applies what has arrived and writes down the results, as much together as waits.
    func settleArrived(of plan: Int64) async throws {
        while true {
            let letters = state.withLockedValue { state in
                guard state.plan == plan else { return ArraySlice<LetterInFlight>() }
                let letters = state.arrived.prefix(Self.settledTogetherMax)
                state.arrived.removeFirst(letters.count)
                return letters
            }
            if letters.isEmpty { return }
            try await apply(Array(letters), refused: [], of: plan)
        }
    }

    /// One element at once, and one whenever something has arrived since.
    func arrivals() -> AsyncStream<Void> {
        let (stream, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        state.withLockedValue { $0.signal = signal }
        signal.yield()
        return stream
    }

    private func apply(_ letters: [LetterInFlight], refused: [SettledLetter], of plan: Int64) async throws {
        var settled = refused
        if !letters.isEmpty {
            let redemptions = letters.map { Redemption(letter: $0.identity, plan: plan, batch: $0.batch) }
            let verdicts = try await index.redeem(redemptions, for: Self.part)
            settled += zip(letters, verdicts).map { SettledLetter(letter: $0.letter, verdict: $1) }
        }
        try await settle(settled, of: plan)
    }
}

extension ParkedLetter {
    /// The letter as it goes on its way; throws why it would be refused again.
    func inFlight(_ reader: LetterReader) throws(Rejection) -> LetterInFlight {
        LetterInFlight(letter: row.id, identity: identity, body: message.body, batch: try reader.read(content))
    }
}
