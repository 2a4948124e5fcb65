import ArgumentParser
import CareRecord

/// Goes on with a replay that rests.
struct DeadLettersResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with a replay that is paused or has stopped, and follow it.",
        discussion: """
            Exit status 0 when it finished and nothing failed again, else 1; 130 when the looking is interrupted.

            Example:
              wherry deadletters resume 12-3f9ab2c4 --from http://127.0.0.1:8080
            """)

    @Argument(help: .init("The plan's name.", valueName: "plan"))
    var plan: PlanName

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions

    @Option(help: .init("Why.", valueName: "text"))
    var reason: String?

    @Flag(help: "Do not wait for its end.")
    var detach = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let reason { try ReasonOptions.check(reason) }
    }

    func run() async throws {
        try await WorkerClient.with(from) { client in
            let follower = ReplayFollower(client: client, output: output)
            let reply = try await client.act("\(plan.path)/resume", Act(by: who.name, reason: reason))
            let resumed = try reply.plan(from: from)
            if detach { return follower.show(resumed, reply) }
            try await follower.follow(resumed)
        }
    }
}
