import ArgumentParser
import Topology

/// What `apply` would do.
struct TopologyPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what apply would create on the brokers, and what it cannot change.",
        discussion: """
            + is created by apply, - is removed by apply --prune, ! exists with other properties: of these apply sets \
            accounts right, and leaves the others alone. The present state is read by the brokers' management API, \
            which shows accounts to users with the tag administrator.
            """)

    @OptionGroup var selection: BrokerSelection
    @OptionGroup var management: ManagementOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let report = try await DifferenceReport.read(selection, management, words: .plan)
        if output.isJSON { try Terminal.print(json: report.json) } else { report.print() }
        if !report.errors.isEmpty { throw CommandFailure.alreadyReported }
    }
}

extension DifferenceReport {
    /// Compares the brokers asked for with the topology.
    static func read(
        _ selection: BrokerSelection, _ management: ManagementOptions, words: Words
    ) async throws -> DifferenceReport {
        let topology = try selection.topology.load()
        let links = try selection.links(of: topology)
        let url = try management.url(for: links)
        let access = try selection.brokers.access()
        let outcomes = await BrokerSelection.onEach(links) { link throws(TopologyError) in
            try await topology.difference(
                at: link, access: access, managementURL: url, accounts: management.accounts)
        }
        return DifferenceReport(outcomes: outcomes, words: words)
    }
}
