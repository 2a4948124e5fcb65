import CareRecord
import Replication
import Testing

@testable import Gateway

@Suite("Why a source is not complete")
struct CoverageWordsTests {
    @Test("of a source that is held the reason says what to type")
    func held() async throws {
        try await RunningGateway.with { gateway async throws in
            let words = CoverageWords(gateway.worker)
            func reason(_ state: CoverageState) -> String {
                words.reason(
                    SourceCoverage(
                        hie: LetterSamples.homerton, state: state, asOf: nil, watermark: 7, head: 7, held: 2)) ?? ""
            }
            #expect(reason(.held(deadLetters: 2)).contains("wherry deadletters list --source homerton"))
            #expect(!reason(.behind(changes: 1)).contains("deadletters"))
        }
    }

    @Test("what is kept of a complete source's text is told only as long as it is true")
    func kept() async throws {
        try await RunningGateway.with { gateway async throws in
            let (texts, words) = (CoverageTexts(), CoverageWords(gateway.worker))
            let behind = CoverageState.behind(changes: 1)
            let steps: [(CoverageState, Int64)] = [
                (.complete, 7), (.complete, 7), (.complete, 8), (behind, 8), (.complete, 8),
            ]
            for (state, watermark) in steps {
                let coverage = SourceCoverage(
                    hie: LetterSamples.homerton, state: state, asOf: nil, watermark: watermark, head: 9, held: 0)
                var json = JSONWriter()
                json.object { texts.write([coverage], words, to: &$0) }
                var plain = JSONWriter()
                plain.object { $0.array("coverage") { $0.object { $0.members(of: coverage, words) } } }
                #expect(json.bytes == plain.bytes)
            }
        }
    }
}
