import CareRecord
import Replication
import Storage
import Worker

/// What a plan came to, for the file: who did what, when and why, the totals, and every letter. It names no patient.
///
/// Its letters are read page by page, once for the figures and once or twice for the lists.
struct PlanReport: Sendable {
    /// The letters of the plan above a position, in order.
    typealias Pages = @Sendable (_ after: Int, _ limit: Int) async throws -> [PlannedLetter]

    /// The figures of the letters of one cause, or of all.
    struct Figures: Sendable, Hashable {
        var foreseen = VerdictCounts()
        var results = VerdictCounts()

        var count: Int { foreseen.total }
        var notAttempted: Int { count - results.total }
        /// Letters that somebody has to look at.
        var unsettled: Int { results.failed + notAttempted }
    }

    let seat: Seat
    let at: Timestamp
    let plan: ReplayPlan
    private(set) var total = Figures()
    /// Those that the plan has letters of.
    private(set) var causes: [(cause: Rejection.Cause, figures: Figures)] = []

    init(seat: Seat, at: Timestamp, plan: ReplayPlan, _ pages: Pages) async throws {
        self.seat = seat
        self.at = at
        self.plan = plan
        var byCause: [Rejection.Cause: Figures] = [:]
        try await Self.each(of: pages) { page in
            for letter in page { byCause[letter.cause, default: Figures()].count(letter) }
        }
        causes = Rejection.Cause.allCases.compactMap { cause in byCause[cause].map { (cause, $0) } }
        for (_, figures) in causes { total.add(figures) }
    }

    /// Hands the report to `write`, piece by piece.
    func write(
        _ renderer: any ReportRenderer, _ pages: Pages, to write: ([UInt8]) async throws -> Void
    ) async throws {
        try await write(renderer.beginning(of: self))
        for section in renderer.sections {
            let count = section.count(total)
            try await write(renderer.beginning(of: section, count: count))
            var waiting: [PlannedLetter] = []
            var writtenCount = 0
            func flush() async throws {
                guard !waiting.isEmpty else { return }
                try await write(renderer.letters(waiting, after: writtenCount, of: count))
                writtenCount += waiting.count
                waiting.removeAll(keepingCapacity: true)
            }
            try await Self.each(of: pages) { page in
                for letter in page where section.holds(letter) {
                    waiting.append(letter)
                    if waiting.count == Self.pieceLettersMax { try await flush() }
                }
            }
            try await flush()
            try await write(renderer.end(of: section))
        }
        try await write(renderer.end(of: self))
    }

    /// Letters of one piece.
    static let pieceLettersMax = 500

    private static func each(of pages: Pages, _ body: ([PlannedLetter]) async throws -> Void) async throws {
        var after = 0
        while after < DeadLetterDesk.planLettersMax {
            let page = try await pages(after, DeadLetterDesk.pageLettersMax)
            guard let last = page.last, last.position > after else { return }
            try await body(page)
            after = last.position
        }
    }
}

extension PlanReport.Figures {
    fileprivate mutating func count(_ letter: PlannedLetter) {
        foreseen.count(letter.foreseen)
        if let result = letter.result { results.count(result) }
    }

    fileprivate mutating func add(_ other: Self) {
        foreseen.add(other.foreseen)
        results.add(other.results)
    }
}

extension VerdictCounts {
    fileprivate mutating func add(_ other: VerdictCounts) {
        applied += other.applied
        duplicate += other.duplicate
        superseded += other.superseded
        failed += other.failed
    }
}

/// A list of letters in a report.
enum ReportSection: Sendable {
    case all
    /// Those that somebody has to look at: they failed again, or were not attempted.
    case unsettled
    case settled

    func holds(_ letter: PlannedLetter) -> Bool {
        switch self {
        case .all: true
        case .unsettled: !letter.isSettled
        case .settled: letter.isSettled
        }
    }

    func count(_ figures: PlanReport.Figures) -> Int {
        switch self {
        case .all: figures.count
        case .unsettled: figures.unsettled
        case .settled: figures.count - figures.unsettled
        }
    }

    /// The heading of the list.
    var title: String {
        switch self {
        case .all: "All letters"
        case .unsettled: "Letters that failed again or were not attempted"
        case .settled: "Letters that are settled"
        }
    }
}

extension PlannedLetter {
    fileprivate var isSettled: Bool {
        switch result {
        case .applied, .duplicate, .superseded: true
        case .failed, nil: false
        }
    }
}

/// One form of a report, in pieces.
protocol ReportRenderer: Sendable {
    var contentType: String { get }
    var sections: [ReportSection] { get }
    func beginning(of report: PlanReport) -> [UInt8]
    func beginning(of section: ReportSection, count: Int) -> [UInt8]
    /// Letters of a section that has `count`, of which so many are written already.
    func letters(_ letters: [PlannedLetter], after writtenCount: Int, of count: Int) -> [UInt8]
    func end(of section: ReportSection) -> [UInt8]
    func end(of report: PlanReport) -> [UInt8]
}
