import CareRecord
import Hummingbird
import Replication
import Storage
import Topology
import Worker

/// Reads selections, and refuses HIEs that nobody knows: those that are neither in the topology nor in a letter. An HIE
/// that has left the mesh may still have letters.
struct LetterSelector: Sendable {
    let worker: Worker

    func selection(_ request: Request, beside others: [String] = []) async throws -> LetterSelection {
        let selection = try LetterSelection(request.uri.queryParameters, beside: others)
        try await checkSources(of: selection)
        return selection
    }

    func selection(_ json: JSON?, for purpose: LetterSelection.Purpose) async throws -> LetterSelection {
        let selection = try LetterSelection(json, for: purpose)
        try await checkSources(of: selection)
        return selection
    }

    private func checkSources(of selection: LetterSelection) async throws {
        for source in selection.filter.sources {
            guard case .hie(let hie) = source, worker.topology.hie(hie) == nil else { continue }
            var filter = LetterFilter()
            filter.states = []
            filter.sources = [source]
            guard try await worker.letters.rows(filter, after: 0, limit: 1).isEmpty else { continue }
            let known = worker.topology.hies.map(\.id.text) + [LetterSelection.unknownSource]
            throw Refusal(
                .badRequest, .value, "a source is not known; there are \(known.joined(separator: ", "))")
        }
    }
}
