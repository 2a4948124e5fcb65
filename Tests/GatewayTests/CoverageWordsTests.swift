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
}
