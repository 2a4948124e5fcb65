import ArgumentParser
import Topology

/// Says whether a topology file is in order, and otherwise everything that is wrong with it.
struct TopologyValidate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a topology file.",
        discussion: "Exit status 2, and every mistake with its line and column, when the file is refused.")

    @OptionGroup var topology: TopologyOptions
    @OptionGroup var brokers: BrokerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let topology: Topology
        do {
            topology = try self.topology.load()
        } catch let error as TopologyError where output.isJSON && !error.mistakes.isEmpty {
            try Terminal.print(json: Refusal(mistakes: error.mistakes.map(Refusal.Line.init)))
            throw CommandFailure(.refused, "")
        }
        let summary = Summary(topology)
        if output.isJSON {
            try Terminal.print(json: summary)
        } else {
            Terminal.print("\(Style.green.applied(to: "ok")): \(summary)")
        }
    }

    private struct Summary: Encodable, CustomStringConvertible {
        let valid = true
        let name: String
        let regions, hies, connected, planned, sites, replicas: Int

        init(_ topology: Topology) {
            name = topology.name
            regions = topology.regions.count
            hies = topology.hies.count
            connected = topology.connected.count
            planned = hies - connected
            sites = topology.hies.reduce(0) { $0 + $1.sites.count }
            replicas = topology.hies.reduce(0) { $0 + $1.replicas.count }
        }

        var description: String {
            func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
            return "\(count(regions, "region")), \(count(hies, "HIE")) (\(connected) connected, \(planned) planned), "
                + count(sites, "site") + (replicas == 0 ? "" : ", \(count(replicas, "replica"))")
        }
    }

    private struct Refusal: Encodable {
        let valid = false
        let mistakes: [Line]

        struct Line: Encodable {
            let file: String
            let line, column: Int
            let message: String

            init(_ mistake: Mistake) {
                file = mistake.file
                line = mistake.line
                column = mistake.column
                message = mistake.message
            }
        }
    }
}
