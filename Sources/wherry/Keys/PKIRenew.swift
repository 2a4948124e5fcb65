import ArgumentParser
import CareRecord
import Keys
import Worker

/// Issues certificates anew before they end.
struct PKIRenew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Issue anew the certificates that end soon.",
        discussion: """
            Each keeps its names and its key, and is good for as long as the one before. Workers take new files up \
            without a restart; a broker is told with rabbitmqctl eval 'ssl:clear_pem_cache().'. The authority's own \
            certificate is renewed when it ends within that time, and what it has signed stays good.

            Exit status 1 when one could not be renewed; the others are all the same.
            """)

    private static let withinDefault = TimeSpan(milliseconds: CertificateState.soonMilliseconds)

    @OptionGroup var keys: KeyDirectoryOptions

    @Option(help: .init("Those that end within this time (default: 30d).", valueName: "time"))
    var within: TimeSpan?

    @Flag(name: .customLong("all"), help: "All that were issued, whenever they end.")
    var isAll = false

    @Flag(name: .customLong("new-keys"), help: "With other keys than before; the authority keeps its own.")
    var hasNewKeys = false

    @Option(help: .init("How long they are good for (default: as long as before).", valueName: "days"))
    var days: Int?

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        if let days { try Lifetime.check(days) }
    }

    func run() async throws {
        let within = (within ?? Self.withinDefault).milliseconds
        let renewal = Renewal(
            keys.directory, isAll ? .all(authorityWithin: within) : .endingWithin(milliseconds: within),
            keys: hasNewKeys ? .made : .kept, days: days, now: WallClock.system.now)
        try IssuedReport(try renewal.run()).print(output)
    }
}
