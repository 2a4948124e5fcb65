import AMQP
import ArgumentParser
import Logging
import Topology

/// Makes the brokers hold what the topology asks for.
struct TopologyApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Declare the topology's exchanges, queues and bindings on its brokers.",
        discussion: """
            Doing it again changes nothing. What exists with other properties is reported and left alone.
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
        let outcomes = await BrokerSelection.onEach(links) { link throws(TopologyError) in
            try await Self.apply(topology, to: link, access: access, managementURL: url, removal: removal)
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
        let refusals: [TopologyError]
        var removed = BrokerObjects()
        var kept: [QueueCounts] = []
    }

    private static func apply(
        _ topology: Topology, to link: BrokerLink, access: BrokerAccess, managementURL: String?,
        removal: BrokerDeclarations.Removal?
    ) async throws(TopologyError) -> Work {
        var logger = Logger(label: "wherry.topology")
        logger.logLevel = .warning
        return try await BrokerDeclarations.with(link, access: access, logger: logger) {
            declarations throws(TopologyError) in
            let wanted = BrokerObjects(topology: topology, link: link)
            var work = Work(declared: wanted, refusals: try await declarations.declare(wanted))
            guard let removal else { return work }
            let stale = try await topology.difference(at: link, access: access, managementURL: managementURL).stale
            work.kept = try await declarations.remove(stale, removal)
            let kept = Set(work.kept.map(\.name))
            work.removed = stale
            work.removed.queues.removeAll { kept.contains($0.name) }
            return work
        }
    }

    private static func print(_ brokers: [Applied]) {
        var table = Table(
            .init("Broker"), .init("Exchanges", .right), .init("Queues", .right), .init("Bindings", .right),
            .init("Removed", .right), .init("Outcome"))
        for broker in brokers {
            let isDone = broker.errors.isEmpty
            table.append(
                "\(broker.broker)", "\(broker.exchanges)", "\(broker.queues)", "\(broker.bindings)",
                "\(broker.removed.count)", isDone ? .init("done", .green) : .init("failed", .red))
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

/// What became of one broker. The JSON: `{"brokers": [{"broker","exchanges","queues","bindings","removed": [{"kind",
/// "name"}],"kept": [{"queue","messages"}],"errors"}]}`; the numbers are of objects declared, there before or not.
private struct Applied: Encodable {
    let broker: String
    let exchanges, queues, bindings: Int
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
            removed = work.removed.named
            kept = work.kept.map { Kept(queue: $0.name, messages: $0.messages) }
            errors = work.refusals.map(\.description)
        case .failure(let error):
            (exchanges, queues, bindings) = (0, 0, 0)
            (removed, kept, errors) = ([], [], [error.description])
        }
    }
}
