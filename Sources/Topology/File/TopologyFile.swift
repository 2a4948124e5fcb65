import Foundation

/// A topology file that is looked at again and again, on a thread that may wait for a disk.
package final class TopologyFile: Sendable {
    package let path: String
    private let queue = DispatchQueue(label: "wherry.topology.file")

    package init(path: String) { self.path = path }

    /// What the file says at present.
    package func text() async throws(TopologyError) -> String {
        try await onQueue { [path] () throws(TopologyError) in try Topology.text(path: path) }
    }

    /// The topology that `text`, which the file said, is.
    package func topology(of text: String) async throws(TopologyError) -> Topology {
        try await onQueue { [path] () throws(TopologyError) in try Topology.parse(yaml: text, file: path) }
    }

    private func onQueue<Value: Sendable>(
        _ work: @escaping @Sendable () throws(TopologyError) -> Value
    ) async throws(TopologyError) -> Value {
        let result: Result<Value, TopologyError> = await withCheckedContinuation { continuation in
            queue.async {
                let result = Result { () throws(TopologyError) in try work() }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }
}
