import ArgumentParser

/// Whether the brokers are as the topology says.
struct TopologyDrift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Show where the brokers differ from the topology.",
        discussion: "Exit status 1 when anything differs or a broker does not answer, 0 when nothing does.")

    @OptionGroup var selection: BrokerSelection
    @OptionGroup var management: ManagementOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let report = try await DifferenceReport.read(selection, management, words: .drift)
        if output.isJSON { try Terminal.print(json: report.json) } else { report.print() }
        if !report.isInSync { throw CommandFailure.alreadyReported }
    }
}
