import CareRecord
import Replication
import ServiceLifecycle
import Storage

/// Audits the index at the start and then in intervals, one source after the other, while nothing else is to be done.
struct Auditor: Service {
    let topology: TopologyBoard
    let audit: Audit
    let retry: StorageRetry
    let intervalSeconds: Int64

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                try await withThrowingTaskGroup { group in
                    group.addTask(priority: .background) { try await follow() }
                    try await group.waitForAll()
                }
            }
        } catch {
            guard Task.isShuttingDownGracefully || Task.isCancelled else { throw error }
        }
    }

    private func follow() async throws {
        while true {
            for source in topology.present.connected {
                try await retry.run("audit") { () async throws(StorageError) in _ = try await audit.run(source) }
            }
            try await Task.sleep(for: .seconds(intervalSeconds))
        }
    }
}
