import ArgumentParser

/// The broker objects of the mesh as code.
struct TopologyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topology",
        abstract: "The regions, HIEs and broker objects of the mesh.",
        subcommands: [
            TopologyValidate.self, TopologyPlan.self, TopologyApply.self, TopologyDrift.self, TopologyExport.self,
            TopologyDiagram.self,
        ])
}
