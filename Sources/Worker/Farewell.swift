import ServiceLifecycle

/// Between the word to stop and the stop itself: whoever sends this worker requests by what it says of its readiness
/// hears that it goes, and sends them elsewhere while they are still answered here.
///
/// To be the last of the services: they stop in turn, from the last one on.
package struct Farewell: Service {
    private let worker: Worker
    private let milliseconds: Int64

    /// `milliseconds` is how long requests go on being answered.
    package init(worker: Worker, milliseconds: Int64) {
        self.worker = worker
        self.milliseconds = milliseconds
    }

    package func run() async throws {
        try? await gracefulShutdown()
        worker.noteLeaving()
        try? await Task.sleep(for: .milliseconds(milliseconds))
    }
}
