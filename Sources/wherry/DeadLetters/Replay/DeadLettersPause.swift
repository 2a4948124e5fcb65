import ArgumentParser
import CareRecord

/// Lets a replay rest.
struct DeadLettersPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Pause a replay: what is on its way arrives, and nothing more is sent.",
        discussion: """
            Example:
              wherry deadletters pause 12-3f9ab2c4 --from http://127.0.0.1:8080
            """)

    @Argument(help: .init("The plan's name.", valueName: "plan"))
    var plan: PlanName

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions

    @Option(help: .init("Why.", valueName: "text"))
    var reason: String?

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let reason { try ReasonOptions.check(reason) }
    }

    func run() async throws {
        try await WorkerClient.with(from) { client in
            let reply = try await client.act("\(plan.path)/pause", Act(by: who.name, reason: reason))
            ReplayFollower(client: client, output: output).show(try reply.plan(from: from), reply)
        }
    }
}
