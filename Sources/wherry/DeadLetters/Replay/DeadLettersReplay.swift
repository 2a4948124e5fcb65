import ArgumentParser
import CareRecord
import Storage

/// Replays a plan, and follows it.
struct DeadLettersReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replay a plan, and follow it until it ends.",
        discussion: """
            The letters go the way they came, through the broker, to this HIE alone, each at most once; what is not \
            later than what the index has changes nothing. --canary sends some of them first and waits for what \
            becomes of each, --rate limits how many go a second, --stop-on-failures ends it when so many failed again.

            --to-everybody sends them to all who subscribe to the sources, and asks to type how many they are.

            The replay runs at the worker: an interruption (Ctrl-C, exit status 130) ends only the looking. A plan \
            that runs already is followed. Exit status 0 when it finished and nothing failed again, else 1.

            Examples:
              wherry deadletters replay 12-3f9ab2c4 --from http://127.0.0.1:8080 --reason "disk replaced" --canary 10
              wherry deadletters replay 12-3f9ab2c4 --from 127.0.0.1:8080 --reason "number corrected" --rate 50/s
            """)

    @Argument(help: .init("The plan's name, as plan shows it, such as 12-3f9ab2c4.", valueName: "plan"))
    var plan: PlanName

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions

    @Option(help: .init("Why, as the report keeps it. Not needed for a plan that runs already.", valueName: "text"))
    var reason: String?

    @Option(help: .init("Send so many letters first, and wait for what becomes of them.", valueName: "number"))
    var canary: Int?

    @Option(help: .init("At most so many letters a second, such as 50/s.", valueName: "rate"))
    var rate: ReplayRate?

    @Option(help: .init("Stop when so many letters failed again.", valueName: "number"))
    var stopOnFailures: Int?

    @Flag(exclusivity: .exclusive)
    var target = ReplayTarget.subscriber

    @Flag(help: "Do not ask.")
    var yes = false

    @Flag(help: "Start it, and do not wait for its end.")
    var detach = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let reason { try ReasonOptions.check(reason) }
        if let canary, canary < 0 { throw ValidationError("--canary is a number of letters") }
        if let stopOnFailures, stopOnFailures < 1 { throw ValidationError("--stop-on-failures is 1 or more") }
    }

    func run() async throws {
        try await WorkerClient.with(from) { client in
            let follower = ReplayFollower(client: client, output: output)
            let reply = try await client.get(plan.path)
            let seen = try reply.plan(from: from)
            switch seen.state {
            case .planned?: try await start(seen, client, follower)
            case .running?:
                Terminal.printError("plan \(seen.name) runs already: following it")
                if detach { return follower.show(seen, reply) }
                try await follower.follow(seen)
            case .finished?:
                Terminal.printError("plan \(seen.name) was replayed before: this is what came of it")
                try follower.finish(seen, reply)
            case .paused?, .stopped?, .cancelled?, nil: try follower.finish(seen, reply)
            }
        }
    }

    private func start(_ seen: PlanAnswer, _ client: WorkerClient, _ follower: ReplayFollower) async throws {
        guard let reason else { throw CommandFailure(.refused, "say why it is replayed: --reason TEXT") }
        if target == .everybody {
            let confirmation = Confirmation(act: "replay", count: seen.count, target: " to everybody who subscribes")
            try confirmation.obtain(.init(isGiven: yes), ask: Terminal.ask)
        }
        let reply = try await client.act("\(plan.path)/replay", order(reason, seen), secondsMax: 120)
        let started = try reply.plan(from: from)
        if detach { return follower.show(started, reply) }
        try await follower.follow(started)
    }

    private func order(_ reason: String, _ seen: PlanAnswer) -> Act {
        Act(by: who.name, reason: reason)
            .with("to", .string(target.rawValue))
            .with("canary", canary.map { .number("\($0)") })
            .with("rate", rate.map { .number($0.text) })
            .with("stopOnFailures", stopOnFailures.map { .number("\($0)") })
            .with("confirm", target == .everybody ? .number("\(seen.count)") : nil)
    }
}
