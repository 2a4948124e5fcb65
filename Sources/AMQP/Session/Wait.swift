/// Somebody who is suspended until there is a value, or the session ends.
struct Wait<Value: Sendable> {
    /// For cancelling it.
    let id: UInt64
    let continuation: CheckedContinuation<Result<Value, AMQPError>, Never>
}

/// A publisher that waits for the settlement of its written message.
struct Confirmation {
    let id: UInt64
    let deadline: UInt64
    let continuation: CheckedContinuation<Result<Settlement.Outcome, AMQPError>, Never>
}

/// Messages that one call publishes, until all are written.
final class PendingPublish {
    enum Completion {
        /// When all are written, with their numbers.
        case written(CheckedContinuation<Result<ClosedRange<UInt64>, AMQPError>, Never>)
        /// When the one message is settled.
        case settled(CheckedContinuation<Result<Settlement.Outcome, AMQPError>, Never>)
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
