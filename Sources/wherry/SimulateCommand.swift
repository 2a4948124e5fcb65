import ArgumentParser
import Foundation
import Gateway
import Simulation

/// Tries to break a mesh that exists only in memory.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Run seeded simulations of a mesh under faults, and check what it promises.",
        discussion: """
            Each seed is a mesh of its own in one thread: the machines that workers run, over simulated brokers, disks and \
            clocks, with messages lost, doubled, reordered and late, partitions, crashes between any two effects, power \
            cuts, restored backups, new disks, joins, full disks and slow peers. After every step the promises are \
            checked, and when the faults have ended every index must equal every source.

            The same seed and options give the same run. A seed that breaks a promise is printed with the options and the \
            lines that lead to it; the exit status is then 1.

            Examples:
              wherry simulate --seeds 1000
              wherry simulate --seeds 1 --seed 42 --steps 120
              wherry simulate --seeds 1 --hies 1000 --steps 100
            """)

    @Option(help: .init("How many seeds to run.", valueName: "number"))
    var seeds = 100

    @Option(help: .init("The first seed; the others follow it.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: .init("HIEs in a mesh, 2 to \(SimulationOptions.hiesMax).", valueName: "number"))
    var hies = SimulationOptions().hies

    @Option(help: .init("Pieces of work and faults in a run, before all faults end.", valueName: "number"))
    var steps = SimulationOptions().steps

    @Option(
        help: .init(
            "A kind of fault to leave out; may be given again: \(Fault.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "fault"))
    var without: [Fault] = []

    @Option(help: .init("Seeds that run at the same time (default: one a core).", valueName: "number"))
    var jobs = ProcessInfo.processInfo.activeProcessorCount

    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard seeds >= 1 else { throw ValidationError("--seeds is a number from 1 on") }
        guard (2...SimulationOptions.hiesMax).contains(hies) else {
            throw ValidationError("--hies is a number from 2 to \(SimulationOptions.hiesMax)")
        }
        guard steps >= 1 else { throw ValidationError("--steps is a number from 1 on") }
        guard (1...1024).contains(jobs) else { throw ValidationError("--jobs is a number from 1 to 1024") }
        guard seed.addingReportingOverflow(UInt64(seeds)).overflow == false else {
            throw ValidationError("--seed and --seeds together are too large a number")
        }
    }

    func run() async throws {
        var options = SimulationOptions()
        options.hies = hies
        options.steps = steps
        options.without = Set(without)
        let startedAt = ContinuousClock.now
        let tally = try await runAll(options)
        let report = SimulationReport(
            tally: tally, seconds: (ContinuousClock.now - startedAt) / .seconds(1), options: options)
        if output.isJSON {
            try Terminal.print(json: report.json)
        } else {
            report.print()
            if let first = tally.violations.first { try explain(first.seed, options) }
        }
        if !tally.violations.isEmpty { throw CommandFailure.alreadyReported }
    }

    /// A share of the seeds for every job; a seed is never split.
    private func runAll(_ options: SimulationOptions) async throws -> SimulationTally {
        let progress = ProgressBar(total: seeds, unit: .seeds, isShown: Terminal.isErrorTerminal && !output.isJSON)
        defer { progress.clear() }
        let (first, count, jobs) = (seed, UInt64(seeds), UInt64(jobs))
        return try await withThrowingTaskGroup(of: SimulationTally.self) { group in
            for job in 0..<min(jobs, count) {
                group.addTask {
                    var tally = SimulationTally()
                    for offset in stride(from: job, to: count, by: UInt64.Stride(jobs)) {
                        tally.add(try Simulation.run(seed: first + offset, options))
                        progress.advance(1)
                    }
                    return tally
                }
            }
            return try await group.reduce(into: SimulationTally()) { $0.add($1) }
        }
    }

    private func explain(_ seed: UInt64, _ options: SimulationOptions) throws {
        let (least, lines) = try Simulation.explain(seed: seed, options)
        let without = least.without.map(\.rawValue).sorted().map { " --without \($0)" }.joined()
        Terminal.print("\nThe shortest way there found (Wherry \(ProductVersion.text)):")
        Terminal.print(
            "  wherry simulate --seeds 1 --seed \(seed) --hies \(least.hies) --steps \(least.steps)\(without)")
        for line in lines { Terminal.print(line) }
    }
}

extension Fault: ExpressibleByArgument {}
