import Foundation
import LoadTest
import NIOConcurrencyHelpers

/// Shows how far a load test is: on a terminal a screen that is drawn over, else a line for each stage and one every
/// ten seconds of the load.
final class LoadProgress: Sendable {
    private struct State {
        var samples: [LoadSample] = []
        var drawnLines = 0
        var said = ""
        var saidAt: ContinuousClock.Instant?
    }

    /// Samples that the screen looks back on, an hour.
    private static let samplesMax = 3600
    private static let loadKind = "load"
    private static let lineInterval = Duration.seconds(10)

    /// Where progress is told.
    private enum Way {
        case screen
        case lines
        /// Standard output is for the result alone.
        case errorLines
    }

    private let profile: LoadProfile
    private let way: Way
    private let state = NIOLockedValueBox(State())

    init(_ profile: LoadProfile, output: OutputOptions) {
        self.profile = profile
        way = output.isJSON ? .errorLines : Terminal.canRedraw ? .screen : .lines
    }

    func take(_ stage: LoadRun.Stage) {
        state.withLockedValue { state in
            guard case .sample(let sample, let faults) = stage else { return say(Self.text(stage), &state) }
            state.samples.append(sample)
            if state.samples.count > Self.samplesMax { state.samples.removeFirst() }
            switch way {
            case .screen:
                if state.said != Self.loadKind { draw([], &state) }
                draw(screen(state.samples, faults, at: sample.at), &state)
                state.said = Self.loadKind
            case .lines, .errorLines: say((kind: Self.loadKind, text: LoadLine.text(sample, faults)), &state)
            }
        }
    }

    /// Leaves the last screen where it is, for what follows.
    func finish() {
        state.withLockedValue { state in
            if state.drawnLines > 0, state.samples.isEmpty { draw([], &state) }
            state.drawnLines = 0
        }
    }

    private func screen(
        _ samples: [LoadSample], _ faults: [LoadResult.FaultResult], at elapsed: Double
    ) -> [String] {
        let size = Terminal.size
        let lines = LoadScreen.lines(
            profile: profile, samples: samples, faults: faults, elapsed: elapsed, columns: size.columns)
        // What is above the screen cannot be drawn over.
        return Array(lines.prefix(max(1, size.rows - 1)))
    }

    private func draw(_ lines: [String], _ state: inout State) {
        Terminal.draw(LiveAnswers.text(lines, over: state.drawnLines))
        state.drawnLines = lines.count
    }

    /// A line; in a pipe only where it is of another kind than the last one, or that one was long ago.
    private func say(_ line: (kind: String, text: String), _ state: inout State) {
        switch way {
        case .screen:
            // The load's screen stays above what is said after it.
            if state.said == Self.loadKind { state.drawnLines = 0 }
            draw([String(line.text.prefix(max(1, Terminal.size.columns - 1)))], &state)
            state.said = line.kind
        case .lines, .errorLines:
            let now = ContinuousClock.now
            let isDue = state.saidAt.map { now - $0 >= Self.lineInterval } ?? true
            guard line.kind != state.said || isDue else { return }
            state.said = line.kind
            state.saidAt = now
            if case .lines = way { Terminal.print(line.text) } else { Terminal.printError(line.text) }
        }
    }

    /// Lines of one kind follow one another; each start is a kind of its own.
    private static func text(_ stage: LoadRun.Stage) -> (kind: String, text: String) {
        switch stage {
        case .starting(let what): (what, "starting \(what)")
        case .loading(let share): ("loading", "loading the population: \(Int(share * 100)) %")
        case .measuringBaseline(let what): (what, "measuring \(what)")
        case .warmingUp: ("warming up", "warming up")
        case .sample(let sample, let faults): (loadKind, LoadLine.text(sample, faults))
        case .recovering: ("recovering", "the load is over: waiting for the mesh to catch up")
        case .checking: ("checking", "checking every patient that was touched, at every worker")
        case .applying(let applied, let all): ("applying", "applied at every subscriber: \(applied) of \(all) changes")
        case .growing(let what): (what, what)
        case .stopping: ("stopping", "stopping what was started")
        }
    }
}
