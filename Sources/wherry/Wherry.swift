import ArgumentParser

@main
struct Wherry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wherry",
        abstract: "Joins health information exchanges that stay independent.",
        subcommands: [
            TopologyCommand.self
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
