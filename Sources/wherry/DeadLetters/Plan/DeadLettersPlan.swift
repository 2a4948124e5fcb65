import ArgumentParser
import CareRecord
import Storage

/// Freezes a selection of letters and says what a replay of it would do.
struct DeadLettersPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Freeze a selection of dead letters, and show what a replay of it would do.",
        discussion: """
            Nothing is replayed. The plan keeps which letters it is about and what is in each; where one of them \
            changes afterwards, the replay is refused. Without options it is about all that is parked.

            Into a pipe it prints tab-separated lines, the kind first: plan, foreseen, next.

            Examples:
              wherry deadletters plan --cause application-failed --from http://127.0.0.1:8080
              wherry deadletters plan --source barts --older-than 2h --from 127.0.0.1:8080 --json
            """)

    private static let secondsMax: Int64 = 600

    @OptionGroup var selection: SelectionOptions

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws { try selection.check(isOnly: .parked, for: "replayed") }

    func run() async throws {
        let body = Act(by: who.name).with("selection", selection.selection.json)
        let reply = try await WorkerClient.with(from) {
            try await $0.act("/api/deadletters/plans", body, secondsMax: Self.secondsMax)
        }
        let plan = try reply.plan(from: from)
        if output.isJSON { return Terminal.print(String(decoding: reply.body, as: UTF8.self)) }
        PlanView(plan: plan, url: from).dryRun(.current).print()
    }
}
