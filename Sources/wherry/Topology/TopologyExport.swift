import AMQP
import ArgumentParser
import Foundation
import Topology

/// The topology as a file for somebody else's tools.
struct TopologyExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print one broker's objects, or the whole mesh, in a form that other tools read.",
        discussion: """
            Of one broker:
              definitions  what rabbitmqctl import_definitions takes: virtual host, exchanges, queues, bindings, and
                           neither users nor passwords
              cluster      the part of rabbitmq.conf by which the nodes of a region's cluster find one another
            Of the whole mesh:
              compose      brokers, workers, networks and secrets for docker compose
              kubernetes   a StatefulSet for each HIE, a RabbitmqCluster of RabbitMQ's operator for each region
              prometheus   the workers of compose, for Prometheus's file_sd_configs

            The same topology always gives the same text.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case definitions, cluster, compose, kubernetes, prometheus
    }

    @OptionGroup var selection: BrokerSelection
    @OptionGroup var output: OutputOptions

    @Option(help: "The form to print.")
    var format = Format.definitions

    func run() async throws {
        switch format {
        case .definitions: Terminal.print(try definitions())
        case .cluster: Terminal.print(try cluster())
        case .compose: Terminal.print("\(Compose(try deployment()))")
        case .kubernetes:
            let text = try Topology.text(path: selection.topology.path())
            Terminal.print("\(Kubernetes(try deployment(), text: text))")
        case .prometheus: Terminal.print("\(ScrapeTargets(try deployment()))")
        }
    }

    private func definitions() throws -> String {
        let topology = try selection.topology.load()
        let links = try selection.links(of: topology)
        guard let link = links.first, links.count == 1 else { throw Self.tooMany(links.map(\.name)) }
        let virtualHost = try selection.brokers.access().endpoint(link.addresses[0]).virtualHost
        let objects = BrokerObjects(topology: topology, link: link)
        return String(decoding: try Definitions(objects, virtualHost: virtualHost).json(), as: UTF8.self)
    }

    private func cluster() throws -> String {
        let regions = try deployment().regions.filter { region in
            region.isCluster && selection.region.map(region.members.contains) ?? true
        }
        guard let region = regions.first else {
            throw CommandFailure(
                .refused,
                "\(selection.region.map { "the broker of region \($0) has" } ?? "every broker has") one address: give "
                    + "those of a cluster's nodes in the topology file")
        }
        guard regions.count == 1 else { throw Self.tooMany(regions.map(\.name)) }
        return ClusterConfiguration(region).description
    }

    private func deployment() throws -> Deployment {
        guard selection.brokers.brokerURL == nil, selection.region == nil || format == .cluster else {
            throw CommandFailure(
                .refused,
                "--format \(format.rawValue) is of the topology's own brokers: leave out --broker-url"
                    + (format == .cluster ? "" : " and --region"))
        }
        let file = URL(filePath: try selection.topology.path()).lastPathComponent
        return try Deployment(try selection.topology.load(), file: file)
    }

    private static func tooMany(_ names: [String]) -> CommandFailure {
        CommandFailure(
            .refused,
            "this export is of one broker: choose one of \(names.joined(separator: ", ")) with --region, or give "
                + "--broker-url")
    }
}
