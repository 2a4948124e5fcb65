import ArgumentParser
import Topology

/// The topology as a picture.
struct TopologyDiagram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagram",
        abstract: "Print the topology as a Mermaid flowchart.",
        discussion: "Put it into a ```mermaid block of a Markdown page, or into mermaid.live.")

    @OptionGroup var topology: TopologyOptions
    @OptionGroup var brokers: BrokerOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var topology = try self.topology.load()
        if let url = brokers.brokerURL { topology = topology.on(brokerURL: url) }
        let diagram = Diagram(topology).description
        if output.isJSON {
            try Terminal.print(json: ["mermaid": diagram])
        } else {
            Terminal.print(diagram)
        }
    }
}
