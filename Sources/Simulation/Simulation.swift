import CareRecord

/// What a simulated world is to be like.
package struct SimulationOptions: Sendable, Hashable {
    package static let hiesMax = 5000

    /// 2 … `hiesMax`.
    package var hies = 4
    /// Pieces of work and faults before everything heals.
    package var steps = 300
    /// Faults that do not happen.
    package var without: Set<Fault> = []

    package init() {}

    func allows(_ fault: Fault) -> Bool { !without.contains(fault) }
}

/// What became of one seed.
package struct SimulationOutcome: Sendable, Equatable {
    package struct Violation: Sendable, Equatable {
        package let seed: UInt64
        package let promise: Promise
        package let what: String
        /// The step at which it was found.
        package let step: Int
        /// The HIEs concerned, where it concerns some.
        package let subscriber: String?
        package let source: String?
    }

    package let seed: UInt64
    package let steps: Int
    package let faults: Int
    /// How long the world lasted, in its own milliseconds.
    package let milliseconds: Int64
    /// The same for two runs of the same seed.
    package let fingerprint: UInt64
    package let violation: Violation?
}

package enum Simulation {
    /// Runs one seed.
    package static func run(seed: UInt64, _ options: SimulationOptions) throws -> SimulationOutcome {
        let world = try World(seed: seed, options)
        world.run()
        return world.outcome(seed)
    }

    /// What happened in a seed that fails, with as few steps and kinds of faults as still make it fail: the options that
    /// do so, and the lines that concern the HIEs of the violation. Runs the seed at most `attemptsMax` times.
    package static func explain(
        seed: UInt64, _ options: SimulationOptions, attemptsMax: Int = 60
    ) throws -> (options: SimulationOptions, lines: [String]) {
        guard let found = try run(seed: seed, options).violation else { return (options, []) }
        var least = options
        var attempts = 0
        func stillFails(_ candidate: SimulationOptions) throws -> Bool {
            attempts += 1
            guard attempts <= attemptsMax else { return false }
            let violation = try run(seed: seed, candidate).violation
            return violation?.promise == found.promise && violation?.what == found.what
        }
        for fault in Fault.allCases where options.allows(fault) {
            var candidate = least
            candidate.without.insert(fault)
            if try stillFails(candidate) { least = candidate }
        }
        var (low, high) = (0, least.steps)
        while low + 1 < high {
            var candidate = least
            candidate.steps = (low + high) / 2
            if try stillFails(candidate) { high = candidate.steps } else { low = candidate.steps }
        }
        least.steps = high
        let world = try World(seed: seed, least, trace: Trace(isKept: true))
        world.run()
        return (least, world.story)
    }
}

extension World {
    func outcome(_ seed: UInt64) -> SimulationOutcome {
        SimulationOutcome(
            seed: seed, steps: stepCount, faults: faultCount, milliseconds: now, fingerprint: trace.fingerprint,
            violation: broken.map { broken in
                SimulationOutcome.Violation(
                    seed: seed, promise: broken.promise, what: broken.what, step: stepCount,
                    subscriber: broken.subscriber.map { names[$0].text }, source: broken.source.map { names[$0].text })
            })
    }

    /// The lines of the trace about the HIEs of the violation.
    fileprivate var story: [String] {
        let concerned = [broken?.subscriber, broken?.source].compactMap(\.self)
        return trace.lines.filter { line in
            let about = [line.subscriber, line.source].compactMap(\.self)
            return concerned.isEmpty || about.isEmpty || about.allSatisfy { concerned.contains($0) }
        }.map { line in
            let milliseconds = String(line.moment % 1000)
            return "\(line.moment / 1000)." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
                + " s  \(line.text)"
        }
    }
}
