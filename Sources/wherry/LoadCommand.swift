import ArgumentParser

/// Load tests of a mesh.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load tests of a mesh.",
        subcommands: [LoadRunCommand.self, LoadReportCommand.self, LoadCompareCommand.self, BareHTTPCommand.self])
}
