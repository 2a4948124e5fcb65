import AMQP
import ArgumentParser
import Logging
import Topology

/// Makes the brokers hold what the topology asks for.
struct TopologyApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Declare the topology's exchanges, queues, bindings and accounts on its brokers.",
        discussion: """
            Doing it again changes nothing. What exists with other properties is reported and left alone.

            On a broker whose addresses are all amqps:// every connected HIE gets an account of its own: a user \
            without a password, named by the HIE's id, who logs in by the certificate with that common name, and has \
            the least rights with which a worker works. They are made by the management API, with a --broker-user \
            that has the tag administrator, and set right where they differ.

            Exit status 1 when a broker could not be reached or refused something; the others are done all the same.
            """)

    @OptionGroup var selection: BrokerSelection
    @OptionGroup var management: ManagementOptions
    @OptionGroup var output: OutputOptions

    @Flag(name: .customLong("prune"), help: "Remove what is ours and no longer wanted (read by the management API).")
    var prunes = false

    @Flag(name: .customLong("force"), help: "With --prune: remove queues that still hold messages, messages included.")
    var forces = false

    mutating func validate() throws {
        if forces, !prunes { throw ValidationError("--force goes with --prune") }
    }

    func run() async throws {
        let topology = try selection.topology.load()
        let links = try selection.links(of: topology)
        let url = try management.url(for: links)
        let access = try selection.brokers.access()
        let removal: BrokerDeclarations.Removal? =
            prunes ? (forces ? .queuesWithMessages : .emptyQueuesOnly) : nil
        let accounts = management.accounts
        let outcomes = await BrokerSelection.onEach(links) { link throws(TopologyError) in
            try await Self.apply(
                topology, to: link, access: access, managementURL: url, accounts: accounts, removal: removal)
        }
        let brokers = outcomes.map(Applied.init)
        if output.isJSON {
            try Terminal.print(json: ["brokers": brokers])
        } else {
            Self.print(brokers)
        }
        if brokers.contains(where: { !$0.errors.isEmpty }) { throw CommandFailure.alreadyReported }
    }

    fileprivate struct Work: Sendable {
        let declared: BrokerObjects
        var refusals: [TopologyError]
        /// As they should be now.
        var accountCount = 0
        var removed = BrokerObjects()
        var removedAccounts: [BrokerAccount] = []
        var kept: [QueueCounts] = []
    }

    private static func apply(
        _ topology: Topology, to link: BrokerLink, access: BrokerAccess, managementURL: String?,
        accounts: Topology.Accounts, removal: BrokerDeclarations.Removal?
    ) async throws(TopologyError) -> Work {
        var logger = Logger(label: "wherry.topology")
        logger.logLevel = .warning
        return try await BrokerDeclarations.with(link, access: access, logger: logger) {
            declarations throws(TopologyError) in
            let wanted = BrokerObjects(topology: topology, link: link)
            var work = Work(declared: wanted, refusals: try await declarations.declare(wanted))
            guard removal != nil || (accounts == .included && link.hasAccounts) else { return work }
            do throws(TopologyError) {
                let difference = try await topology.difference(
                    at: link, access: access, managementURL: managementURL, accounts: accounts)
                work.refusals += try await link.settle(
                    difference, removal == nil ? .stay : .go, access: access, managementURL: managementURL)
                work.accountCount = difference.accounts.settledCount
                guard let removal else { return work }
                work.removedAccounts = difference.accounts.stale
                work.kept = try await declarations.remove(difference.stale, removal)
                let kept = Set(work.kept.map(\.name))
                work.removed = difference.stale
                work.removed.queues.removeAll { kept.contains($0.name) }
            } catch {
                // What is declared stays declared.
                work.refusals.append(error)
            }
            return work
        }
    }

    private static func print(_ brokers: [Applied]) {
        var table = Table(
            .init("Broker"), .init("Exchanges", .right), .init("Queues", .right), .init("Bindings", .right),
            .init("Accounts", .right), .init("Removed", .right), .init("Outcome"))
        for broker in brokers {
            let isDone = broker.errors.isEmpty
            table.append(
                "\(broker.broker)", "\(broker.exchanges)", "\(broker.queues)", "\(broker.bindings)",
                "\(broker.accounts)", "\(broker.removed.count)", isDone ? .init("done", .green) : .init("failed", .red))
        }
        table.print()
        for broker in brokers {
            for kept in broker.kept {
                Terminal.print(
                    "\(broker.broker): kept queue \(kept.queue), which holds \(kept.messages) messages "
                        + "(--force removes it with them)")
            }
            for error in broker.errors { Terminal.printError(error) }
        }
    }
}

/// What became of one broker. The JSON: `{"brokers": [{"broker","exchanges","queues","bindings","accounts","removed":
/// [{"kind","name"}],"kept": [{"queue","messages"}],"errors"}]}`; the numbers are of objects declared, there before
/// or not.
private struct Applied: Encodable {
    let broker: String
    let exchanges, queues, bindings, accounts: Int
    let removed: [DifferenceReport.Object]
    let kept: [Kept]
    let errors: [String]

    struct Kept: Encodable {
        let queue: String
        let messages: UInt32
    }

    init(_ outcome: (link: BrokerLink, outcome: Result<TopologyApply.Work, TopologyError>)) {
        broker = outcome.link.name
        switch outcome.outcome {
        case .success(let work):
            exchanges = work.declared.exchanges.count
            queues = work.declared.queues.count
            bindings = work.declared.bindings.count
            accounts = work.accountCount
            removed = work.removed.named + work.removedAccounts.map(\.named)
            kept = work.kept.map { Kept(queue: $0.name, messages: $0.messages) }
            errors = work.refusals.map(\.description)
        case .failure(let error):
            (exchanges, queues, bindings, accounts) = (0, 0, 0, 0)
            (removed, kept, errors) = ([], [], [error.description])
        }
    }
}
