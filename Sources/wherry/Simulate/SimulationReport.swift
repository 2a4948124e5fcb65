import Foundation
import Simulation

/// What a number of seeds did together.
struct SimulationTally: Sendable {
    private(set) var seeds = 0
    private(set) var steps = 0
    private(set) var faults = 0
    /// In order of the seeds.
    private(set) var violations: [SimulationOutcome.Violation] = []

    mutating func add(_ outcome: SimulationOutcome) {
        seeds += 1
        steps += outcome.steps
        faults += outcome.faults
        if let violation = outcome.violation { violations.append(violation) }
    }

    mutating func add(_ other: SimulationTally) {
        seeds += other.seeds
        steps += other.steps
        faults += other.faults
        violations = (violations + other.violations).sorted { $0.seed < $1.seed }
    }
}

/// What `wherry simulate` prints.
struct SimulationReport {
    /// The form of `--json` (Docs/json.md).
    struct JSONForm: Encodable {
        struct Violation: Encodable {
            let seed: UInt64
            let promise: String
            let step: Int
            let what: String
            let subscriber: String?
            let source: String?
        }

        let seeds: Int
        let hies: Int
        let steps: Int
        let faults: Int
        let seedsPerSecond: Double
        let violations: [Violation]
    }

    private static let violationsShownMax = 20

    let tally: SimulationTally
    let seconds: Double
    let options: SimulationOptions

    private var seedsPerSecond: Double { Double(tally.seeds) / max(seconds, 0.001) }

    var json: JSONForm {
        JSONForm(
            seeds: tally.seeds, hies: options.hies, steps: tally.steps, faults: tally.faults,
            seedsPerSecond: (seedsPerSecond * 10).rounded() / 10,
            violations: tally.violations.map {
                JSONForm.Violation(
                    seed: $0.seed, promise: $0.promise.rawValue, step: $0.step, what: $0.what,
                    subscriber: $0.subscriber, source: $0.source)
            })
    }

    func print() {
        var section = Section(
            "Promises broken", .init("seed", .right), .init("promise"), .init("step", .right), .init("at"), .init("of"),
            .init("what"))
        for violation in tally.violations.prefix(Self.violationsShownMax) {
            section.append(
                "violation", .init(String(violation.seed)), .init(violation.promise.rawValue, .red),
                .init(String(violation.step)), .init(violation.subscriber ?? "-"), .init(violation.source ?? "-"),
                .init(violation.what))
        }
        section.print()
        let rate = String(format: "%.1f", seedsPerSecond)
        let verdict =
            tally.violations.isEmpty ? "no promise broken" : "\(tally.violations.count) seeds broke a promise"
        Terminal.print(
            "\(tally.seeds) seeds of \(options.hies) HIEs, \(tally.steps) steps, \(tally.faults) faults in "
                + "\(String(format: "%.1f", seconds)) s (\(rate) seeds/s): \(verdict)")
    }
}
