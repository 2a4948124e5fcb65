/// The session's side of a consumer: what has arrived, and who waits for it.
final class ConsumerState {
    private struct Waiting {
        let max: Int
        let wait: Wait<[Delivery]>
    }

    let id: UInt64
    let queue: String
    var channel: Channel?
    /// Why nothing more will come.
    var reason: AMQPError?
    /// Arrived and not handed out; the prefetch bounds it.
    var buffer: [Delivery] = []
    private var waiting: [Waiting] = []

    init(id: UInt64, queue: String) {
        self.id = id
        self.queue = queue
    }

    /// The oldest deliveries, nil when there are none.
    func take(max: Int) -> [Delivery]? {
        guard !buffer.isEmpty else { return nil }
        if buffer.count <= max {
            defer { buffer = [] }
            return buffer
        }
        defer { buffer.removeFirst(max) }
        return Array(buffer.prefix(max))
    }

    func wait(_ id: UInt64, max: Int, _ continuation: CheckedContinuation<Result<[Delivery], AMQPError>, Never>) {
        waiting.append(Waiting(max: max, wait: Wait(id: id, continuation: continuation)))
        // A turn may have come between the look into the buffer and the wait, and told nobody.
        tell()
    }

    /// Hands out what has arrived; when nothing more will come, says so to those left over.
    func tell() {
        while let first = waiting.first, let deliveries = take(max: first.max) {
            waiting.removeFirst()
            first.wait.continuation.resume(returning: .success(deliveries))
        }
        if let reason, buffer.isEmpty { resumeAll(reason) }
    }

    func end(_ error: AMQPError) {
        reason = error
        buffer = []
        resumeAll(error)
    }

    /// False when no wait has that id.
    func cancelWait(_ id: UInt64, _ error: AMQPError) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.wait.id == id }) else { return false }
        waiting.remove(at: index).wait.continuation.resume(returning: .failure(error))
        return true
    }

    private func resumeAll(_ error: AMQPError) {
        for one in waiting { one.wait.continuation.resume(returning: .failure(error)) }
        waiting = []
    }
}
