/// How somebody who waits is resumed.
typealias Resumption<Value> = CheckedContinuation<Result<Value, AMQPError>, Never>

/// Somebody who is suspended until there is a value, or the session ends.
struct Wait<Value: Sendable> {
    /// For cancelling it.
    let id: UInt64
    let continuation: Resumption<Value>
}

extension Session {
    /// Suspends until whoever keeps the wait resumes it, or the task is cancelled: then with `.cancelled`.
    ///
    /// What `keep` relies on must be looked at in `keep`: between this call and that there may be a suspension.
    func wait<Value: Sendable>(_ keep: (Wait<Value>) -> Void) async -> Result<Value, AMQPError> {
        let id = makeID()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A cancellation up to here may have been looked for in vain already; a later one finds the wait.
                if Task.isCancelled {
                    continuation.resume(returning: .failure(.cancelledWait))
                } else if case .ended(let error) = phase {
                    continuation.resume(returning: .failure(error))
                } else {
                    keep(Wait(id: id, continuation: continuation))
                }
            }
        } onCancel: {
            // Posted, so that it comes after the job that keeps the wait.
            thread.post { self.assumeIsolated { $0.cancelWait(id) } }  // posted actions run on the session's thread
        }
    }

    /// A wait that is over already is left alone.
    private func cancelWait(_ id: UInt64) {
        if let index = settlementWaits.firstIndex(where: { $0.id == id }) {
            settlementWaits.remove(at: index).continuation.resume(returning: .failure(.cancelledWait))
        } else if let index = endWaits.firstIndex(where: { $0.id == id }) {
            endWaits.remove(at: index).continuation.resume(returning: .failure(.cancelledWait))
        } else if !cancelPublish(id, .cancelledWait) {
            for consumer in consumers.values where consumer.cancelWait(id, .cancelledWait) { return }
        }
    }
}

extension AMQPError {
    fileprivate static var cancelledWait: AMQPError { AMQPError(.cancelled, "the task that waited was cancelled") }
}

/// A publisher that waits for the settlement of its written message.
struct Confirmation {
    let id: UInt64
    let deadline: UInt64
    let continuation: Resumption<Settlement.Outcome>
}

/// Messages that one call publishes, until all are written.
final class PendingPublish {
    enum Completion {
        /// When all are written, with their numbers.
        case written(Resumption<ClosedRange<UInt64>>)
        /// When the one message is settled.
        case settled(Resumption<Settlement.Outcome>)
    }

    let id: UInt64
    let batch: [Outgoing]
    let deadline: UInt64
    let completion: Completion
    var writtenCount = 0
    /// The publish number of the first message, once it is written.
    var firstNumber: UInt64 = 0

    init(id: UInt64, batch: [Outgoing], deadline: UInt64, completion: Completion) {
        self.id = id
        self.batch = batch
        self.deadline = deadline
        self.completion = completion
    }

    /// The numbers of those written.
    var writtenNumbers: Range<UInt64> { firstNumber..<firstNumber + UInt64(writtenCount) }

    var route: SettlementTracker.Route {
        switch completion {
        case .written: .stream
        case .settled: .caller
        }
    }

    func fail(_ error: AMQPError) {
        switch completion {
        case .written(let continuation): continuation.resume(returning: .failure(error))
        case .settled(let continuation): continuation.resume(returning: .failure(error))
        }
    }
}
