import ArgumentParser
import AsyncHTTPClient

@main
struct Wherry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "wherry")
}
