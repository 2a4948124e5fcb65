import ArgumentParser
import Gateway

@main
struct Wherry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wherry",
        abstract: "Joins health information exchanges that stay independent.",
        version: ProductVersion.text,
        subcommands: [
            TopologyCommand.self,
            PKICommand.self,
            WorkerCommand.self,
            IngestCommand.self,
            LookupCommand.self,
            QueryCommand.self,
            ResultsCommand.self,
            SafetyNetCommand.self,
            StatusCommand.self,
            IndexCommand.self,
            DeadLettersCommand.self,
            PopulationCommand.self,
            SimulateCommand.self,
            LoadCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            CommandFailure.exit(error)
        }
    }
}
