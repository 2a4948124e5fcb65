import ArgumentParser
import CareRecord
import Storage

/// Lists plans.
struct DeadLettersPlans: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plans",
        abstract: "List the plans, the newest first.",
        discussion: """
            Into a pipe it prints one line a plan, tab-separated, the kind (plan) first.

            Example:
              wherry deadletters plans --from http://127.0.0.1:8080
            """)

    static let limitMax = 1000

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Option(help: .init("How many, 1 to \(Self.limitMax).", valueName: "number"))
    var limit = 20

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        guard (1...Self.limitMax).contains(limit) else { throw ValidationError("--limit is 1 to \(Self.limitMax)") }
    }

    func run() async throws {
        let path = "/api/deadletters/plans?limit=\(limit)"
        let reply = try await WorkerClient.with(from) { try await $0.get(path, secondsMax: 60) }
        let json = try reply.json(from: from)
        if output.isJSON { return Terminal.print(String(decoding: reply.body, as: UTF8.self)) }
        Self.screen((json["plans"]?.elements ?? []).compactMap { PlanAnswer($0) }, from: from, .current).print()
    }

    static func screen(_ plans: [PlanAnswer], from url: WorkerURL, _ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        var section = Section(
            "Plans", .init("plan"), .init("state"), .init("letters", .right), .init("done", .right),
            .init("failed again", .right), .init("by"), .init("when"), .init("selection"))
        for plan in plans {
            let failed = plan.results.failed
            section.append(
                "plan", .init(plan.name), .init(plan.stateWord, style(of: plan)), .init("\(plan.count)"),
                .init("\(plan.done)"), .init("\(failed)", failed > 0 ? .red : .plain),
                .init(plan.order?.by ?? plan.createdBy),
                .init(look.isInteractive ? Age.since(plan.createdAt) : plan.createdAt), .init(plan.selection, .dim))
        }
        screen.append(section)
        if plans.isEmpty { screen.say("no plans: \(Invocation.text("plan", from: url)) makes one") }
        return screen
    }

    private static func style(of plan: PlanAnswer) -> Style {
        switch plan.state {
        case .finished?: plan.isClean ? .green : .red
        case .stopped?: .red
        case .running?, .paused?: .yellow
        case .planned?, nil: .plain
        case .cancelled?: .dim
        }
    }
}
