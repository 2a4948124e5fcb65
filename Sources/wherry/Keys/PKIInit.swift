import ArgumentParser
import Keys
import Worker

/// Makes a private authority.
struct PKIInit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a private certificate authority, for a trial.",
        discussion: """
            DIR/ca.pem goes to every worker and broker. DIR/ca.key stays: whoever has it can be any HIE. An authority \
            that is there is never replaced.
            """)

    @OptionGroup var keys: KeyDirectoryOptions

    @Option(help: .init("What the authority calls itself.", valueName: "text"))
    var name = "Wherry private authority"

    @Option(help: .init("How long it is good for.", valueName: "days"))
    var days = 3650

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        try Lifetime.check(days)
        let isName = (1...Authority.nameMaxBytes).contains(name.utf8.count) && !name.contains { $0.isNewline }
        guard isName, !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw ValidationError("--name has 1 to \(Authority.nameMaxBytes) bytes and no control characters")
        }
    }

    func run() async throws {
        let made = try Authority.make(in: keys.directory, name: name, days: days, now: WallClock.system.now)
        try IssuedReport([made]).print(output)
    }
}
