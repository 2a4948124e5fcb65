import CareRecord
import ServiceLifecycle

/// Keeps every source complete that is connected, the own journal included. One slow source holds up no other.
struct Repairer: Service {
    let topology: TopologyBoard
    let makeSource: @Sendable (HIEIdentifier) -> SourceRepairer

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            var begun: Set<HIEIdentifier> = []
            for await view in topology.views().cancelOnGracefulShutdown() {
                for source in view.connected where begun.insert(source).inserted {
                    let repairer = makeSource(source)
                    group.addTask { try await repairer.run() }
                }
            }
        }
    }
}
