import ArgumentParser
import CareRecord

/// Ends a plan for good.
struct DeadLettersCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End a plan for good: what was not attempted stays parked.",
        discussion: """
            Example:
              wherry deadletters cancel 12-3f9ab2c4 --from http://127.0.0.1:8080 --reason "the source sends them again"
            """)

    @Argument(help: .init("The plan's name.", valueName: "plan"))
    var plan: PlanName

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions
    @OptionGroup var why: ReasonOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await WorkerClient.with(from) { client in
            let reply = try await client.act("\(plan.path)/cancel", Act(by: who.name, reason: why.reason))
            ReplayFollower(client: client, output: output).show(try reply.plan(from: from), reply)
        }
    }
}
