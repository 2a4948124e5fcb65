package import CareRecord
import Replication
package import Storage

/// The one way to the dead letters for operators: what is seen, planned, replayed, edited and discarded. Reads throw
/// `StorageError`; acts throw ``DeadLetterRefusal`` too.
package final class DeadLetterDesk: Sendable {
    /// Letters of one page of a list.
    package static let pageLettersMax = 1000
    /// Letters of one plan.
    package static let planLettersMax = 250_000

    let store: DeadLetterStore
    let replays: ReplayDesk
    let board: ReplayBoard
    let heldBoard: HeldBoard
    let index: IndexWriter
    let topology: TopologyBoard
    let coverage: CoverageBoard
    let clock: WallClock
    let seat: Seat

    init(
        seat: Seat, store: DeadLetterStore, replays: ReplayDesk, board: ReplayBoard, held: HeldBoard,
        index: IndexWriter, topology: TopologyBoard, coverage: CoverageBoard, clock: WallClock
    ) {
        self.seat = seat
        self.store = store
        self.replays = replays
        self.board = board
        heldBoard = held
        self.index = index
        self.topology = topology
        self.coverage = coverage
        self.clock = clock
    }

    package func summary(_ filter: LetterFilter) async throws -> LetterSummary {
        try await store.summary(filter, now: clock.now)
    }

    /// In order of their number, those above `after`.
    package func rows(_ filter: LetterFilter, after: Int64, limit: Int) async throws -> [LetterRow] {
        try await store.rows(filter, after: after, limit: min(limit, Self.pageLettersMax), now: clock.now)
    }

    package func view(_ id: Int64) async throws -> LetterView {
        let letter = try await letter(id)
        let (foreseen, batch) = try await foresee(letter)
        var standing: IndexedEntry?
        if let source = letter.row.source,
            let patient = letter.row.subject.patient ?? batch?.changes.first?.key.patient,
            let resource = letter.row.subject.resource ?? batch?.changes.first?.key.resource
        {
            standing = try await index.entry(of: source, EntryKey(patient: patient, resource: resource))
        }
        return LetterView(
            letter: letter, history: [letter.row.beginning] + (try await store.history(id)), foreseen: foreseen,
            standing: standing,
            watermark: letter.row.source.flatMap { coverage.progress(of: $0)?.applied.watermark })
    }

    /// Letters as lines of NDJSON, those above `after`, and the number of the last one; `nil` when there are no more.
    package func export(
        _ filter: LetterFilter, after: Int64, limit: Int
    ) async throws -> (lines: [UInt8], last: Int64)? {
        let page = try await store.letters(filter, after: after, limit: min(limit, Self.pageLettersMax), now: clock.now)
        guard let last = page.last else { return nil }
        var lines: [UInt8] = []
        for letter in page { LetterLine.append(letter, to: &lines) }
        return (lines, last.row.id)
    }

    /// Parked letters by cause, for metrics.
    package func causes() async throws -> [CauseCount] { try await store.causes() }

    /// Every connected HIE but the one whose journal is here.
    package func accounts() async throws -> [SourceAccount] {
        let missing = try await store.missingChanges()
        let gaps = try await index.gapCounts()
        return topology.present.connected.filter { $0 != seat.journal }.map { source in
            let progress = coverage.progress(of: source)
            let applied = progress?.applied ?? AppliedRanges()
            let covered = applied.islands.reduce(applied.watermark) { $0 + $1.through - $1.after }
            let head = max(coverage.head(of: source) ?? 0, applied.highest)
            let (held, discarded) = missing[source] ?? (0, 0)
            return SourceAccount(
                hie: source, published: head, applied: max(0, covered - held - discarded), held: held,
                discarded: discarded, behind: head - covered, isReconciled: gaps[source] ?? 0 == held + discarded)
        }
    }

    /// Whether letters are parked at all, in memory.
    package var isAnyHeld: Bool { heldBoard.total > 0 }

    /// Parked letters of this source that name the patient, in memory (promise P4).
    package func held(of patient: NHSNumber, source: HIEIdentifier) -> Int {
        heldBoard.held(of: patient, source: source)
    }

    func letter(_ id: Int64) async throws -> ParkedLetter {
        guard let letter = try await store.letter(id) else {
            throw DeadLetterRefusal(.notFound, "there is no dead letter \(id): see wherry deadletters list --state all")
        }
        return letter
    }

    /// What a replay would do, and what the letter says where it can be read.
    func foresee(_ letter: ParkedLetter) async throws(StorageError) -> (LetterVerdict, ChangeBatch?) {
        try await replays.foresee([letter.content]).first ?? (.duplicate, nil)
    }
}

extension LetterRow {
    /// Where its history begins.
    fileprivate var beginning: LetterEvent {
        LetterEvent(at: firstSeen, by: nil, act: "parked", detail: "taken from \(origin.text)")
    }
}
