import CareRecord
import Testing

@testable import Replication

/// What is known of a source, in every combination, and which of it is said.
struct Known: Sendable, CustomTestStringConvertible {
    var isSilent = false
    /// Never caught up with any pulse.
    var isJoining = false
    var isHeld = false
    var isBehind = false
    var isDiffering = false
    var isOfOldEpoch = false

    static let all: [Known] = (0..<64).map { bits in
        Known(
            isSilent: bits & 1 != 0, isJoining: bits & 2 != 0, isHeld: bits & 4 != 0, isBehind: bits & 8 != 0,
            isDiffering: bits & 16 != 0, isOfOldEpoch: bits & 32 != 0)
    }

    var testDescription: String { "\(self)" }

    var subscription: Told {
        var told = Told()
        told.advanced(8, digest: 7)
        if !isJoining { told.pulse(8, digest: 7) }
        if isHeld, !isDiffering { told.subscription.held = 3 }
        told.wait(1000)
        told.pulse(isBehind ? 12 : 8, digest: isDiffering || isJoining ? 6 : 7)
        if isDiffering {
            told.advanced(8, digest: 7)
            told.wait(1000)
            told.pulse(8, digest: 6)
            told.wait(1000)
            if isBehind { told.pulse(12, digest: 6) }
        }
        if isHeld { told.subscription.held = 3 }
        if isOfOldEpoch {
            told.wait(1000)
            told.pulse(isBehind ? 12 : 0, epoch: Told.late)
        }
        if isSilent { told.wait(7001) }
        return told
    }
}

@Suite("Coverage of a source") struct CoverageTableTests {
    @Test("promise P3: of everything that is known, what matters most is said, and nothing doubtful is called complete")
    func table() {
        for known in Known.all {
            let coverage = known.subscription.coverage
            let isExpected: Bool
            switch coverage.state {
            case .silent: isExpected = known.isSilent
            case .joining: isExpected = !known.isSilent && (known.isJoining || known.isOfOldEpoch)
            case .held(let letters): isExpected = !known.isSilent && known.isHeld && letters == 3
            case .behind: isExpected = !known.isSilent && !known.isHeld && known.isBehind
            case .differing:
                isExpected =
                    !known.isSilent && !known.isHeld && !known.isBehind && (known.isDiffering || known.isOfOldEpoch)
            case .complete:
                isExpected =
                    !(known.isSilent || known.isHeld || known.isBehind || known.isDiffering)
                    && !known.isOfOldEpoch && !known.isJoining
            case .planned: isExpected = false
            }
            if !isExpected { Issue.record("\(known): \(coverage)") }
            if known.isOfOldEpoch, coverage.asOf != nil { Issue.record("\(known): as of \(coverage.asOf as Any)") }
            #expect(coverage.held == (known.isHeld ? 3 : 0))
            #expect(coverage.watermark == (known.isOfOldEpoch ? 0 : 8))
        }
    }

    @Test("an as-of time is kept while a source is silent, behind or held, and is never one to come") func asOf() {
        var told = Told()
        told.advanced(8)
        told.pulse(8)
        let moment = told.now
        told.subscription.held = 1
        #expect(told.coverage.asOf == moment)
        told.wait(1000)
        told.pulse(12)
        #expect(told.coverage.asOf == moment)
        told.wait(60_000)
        #expect(told.coverage.asOf == moment)
        told.wait(-70_000)
        #expect(told.coverage.asOf == nil)
    }
}
