import CareRecord
import NIOConcurrencyHelpers
import Replication
import Worker

/// Coverage as lookups tell it, made once a millisecond: its moments are no finer, and many lookups share one.
final class CoverageText: Sendable {
    struct Said: Sendable {
        let at: Timestamp
        /// Of the index that it is about.
        let era: Int
        /// A JSON array.
        let json: JSONWriter
    }

    private let last = NIOLockedValueBox<Said?>(nil)

    /// What is said now about anybody of whom no dead letter is held, or about this patient where some are.
    func said(_ worker: Worker, of patient: NHSNumber) -> Said {
        let now = worker.clock.now
        guard !worker.letters.isAnyHeld else { return Self.make(worker, CoverageWords(worker, of: patient), now) }
        if let last = last.withLockedValue({ $0 }), last.at == now { return last }
        let said = Self.make(worker, CoverageWords(worker), now)
        last.withLockedValue { $0 = said }
        return said
    }

    private static func make(_ worker: Worker, _ words: CoverageWords, _ now: Timestamp) -> Said {
        let era = worker.coverageBoard.era
        var json = JSONWriter(capacity: bytesUsual)
        json.array(coverage: worker.coverage(), words)
        return Said(at: now, era: era, json: json)
    }

    private static let bytesUsual = 2048
}

extension JSONWriter {
    mutating func array(coverage: [SourceCoverage], _ words: CoverageWords) {
        array { json in
            for coverage in coverage { json.object { $0.members(of: coverage, words) } }
        }
    }
}
