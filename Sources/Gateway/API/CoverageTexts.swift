import CareRecord
import Replication
import Synchronization

/// Writes coverage for lookups. What is said of a source that is complete is the same for every patient until a pulse
/// comes or something is applied: its text is kept.
final class CoverageTexts: Sendable {
    private struct Kept {
        let coverage: SourceCoverage
        let text: JSONWriter
    }

    private let kept = Mutex<[HIEIdentifier: Kept]>([:])

    /// Member `coverage`.
    func write(_ coverage: [SourceCoverage], _ words: CoverageWords, to json: inout JSONWriter) {
        json.array("coverage") { json in
            for coverage in coverage {
                guard words.isQuiet(coverage) else {
                    json.object { $0.members(of: coverage, words) }
                    continue
                }
                text(coverage, words).withBytes { json.element(raw: $0) }
            }
        }
    }

    private func text(_ coverage: SourceCoverage, _ words: CoverageWords) -> JSONWriter {
        if let kept = kept.withLock({ $0[coverage.hie] }), kept.coverage == coverage { return kept.text }
        var text = JSONWriter(capacity: Self.bytesUsual)
        text.object { $0.members(of: coverage, words) }
        kept.withLock { $0[coverage.hie] = Kept(coverage: coverage, text: text) }
        return text
    }

    private static let bytesUsual = 192
}
