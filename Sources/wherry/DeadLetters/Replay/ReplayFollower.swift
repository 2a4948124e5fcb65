import ArgumentParser
import Foundation
import UnixSignals

/// Shows a replay as it goes on at the worker, until it ends there or is interrupted here.
struct ReplayFollower {
    static let pollInterval = Duration.milliseconds(250)
    /// As of a process that SIGINT ended: what became of the replay is not known here.
    static let interruptedStatus: Int32 = 130

    let client: WorkerClient
    let output: OutputOptions

    private enum Outcome {
        case ended(PlanAnswer, WorkerReply)
        case interrupted
    }

    /// Follows a plan, prints what came of it, and throws unless everything is done and nothing was refused again.
    func follow(_ plan: PlanAnswer) async throws {
        switch try await outcome(of: plan) {
        case .ended(let plan, let reply): try finish(plan, reply)
        case .interrupted:
            Terminal.printError(Self.farewell(plan, url: client.url))
            throw ExitCode(Self.interruptedStatus)
        }
    }

    private func outcome(of plan: PlanAnswer) async throws -> Outcome {
        let bar = ProgressBar(total: plan.count, unit: .letters, start: plan.done)
        defer { bar.clear() }
        return try await withThrowingTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                let (plan, reply) = try await watch(plan, bar)
                return .ended(plan, reply)
            }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: .sigint) { return .interrupted }
                return nil
            }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            throw CancellationError()
        }
    }

    /// Prints how a plan stands; throws as ``follow(_:)``.
    func finish(_ plan: PlanAnswer, _ reply: WorkerReply) throws {
        show(plan, reply)
        if !plan.isClean { throw CommandFailure.alreadyReported }
    }

    func show(_ plan: PlanAnswer, _ reply: WorkerReply) {
        if output.isJSON { return Terminal.print(String(decoding: reply.body, as: UTF8.self)) }
        PlanView(plan: plan, url: client.url).outcome(.current).print()
    }

    /// What is said to who stops to look.
    static func farewell(_ plan: PlanAnswer, url: WorkerURL) -> String {
        """
        plan \(plan.name) goes on at the worker
          pause it:  \(Invocation.text("pause", [plan.name], from: url))
          follow it: \(Invocation.text("replay", [plan.name], from: url))
        """
    }

    private func watch(_ plan: PlanAnswer, _ bar: ProgressBar) async throws -> (PlanAnswer, WorkerReply) {
        var watch = ReplayWatch(plan.name, at: .now)
        while true {
            let (sight, reply) = try await look(plan)
            switch watch.take(sight, at: .now) {
            case .show(let plan): bar.reach(plan.done, PlanView(plan: plan, url: client.url).progressText)
            case .say(let text):
                bar.clear()
                Terminal.printError(text)
            case .wait: break
            case .ended(let plan):
                if let reply { return (plan, reply) }
            case .lost(let reason):
                let command = Invocation.text("replay", [plan.name], from: client.url)
                throw CommandFailure(.failed, "\(reason); it goes on with the worker: \(command) follows it again")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    private func look(_ plan: PlanAnswer) async throws -> (ReplayWatch.Sight, WorkerReply?) {
        let reply: WorkerReply
        do {
            reply = try await client.get(plan.path, secondsMax: 10)
        } catch let failure as CommandFailure {
            return (.silence(failure.description), nil)
        }
        guard reply.status < 500, reply.status != 429 else {
            return (.silence("\(client.url) answered with status \(reply.status)"), nil)
        }
        return (.plan(try reply.plan(from: client.url)), reply)
    }
}
