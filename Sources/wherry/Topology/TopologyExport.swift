import AMQP
import ArgumentParser
import Topology

/// The broker objects as a file for the broker's own tools.
struct TopologyExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print one broker's objects in a form that its own tools read.",
        discussion: """
            definitions is what rabbitmqctl import_definitions takes: virtual host, exchanges, queues, bindings, and \
            neither users nor passwords.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case definitions
    }

    @OptionGroup var selection: BrokerSelection
    @OptionGroup var output: OutputOptions

    @Option(help: "The form to print.")
    var format = Format.definitions

    func run() async throws {
        let topology = try selection.topology.load()
        let links = try selection.links(of: topology)
        guard let link = links.first, links.count == 1 else {
            let names = links.map(\.name).joined(separator: ", ")
            throw CommandFailure(
                .refused, "an export is of one broker: choose one of \(names) with --region, or give --broker-url")
        }
        switch format {
        case .definitions:
            let virtualHost = try selection.brokers.access().endpoint(link.addresses[0]).virtualHost
            let objects = BrokerObjects(topology: topology, link: link)
            Terminal.print(String(decoding: try Definitions(objects, virtualHost: virtualHost).json(), as: UTF8.self))
        }
    }
}
