import CareRecord
import NIOCore

/// Changes on their way to the workers of their sources.
extension DriveCore {
    private static let retryMilliseconds: Int64 = 200

    /// Sends what may be sent of a source.
    func send(from source: Int) {
        while !board.isStopped(source), sites.indices.contains(source),
            let batch = lines[source]?.next(&ledger, source: source), let body = lines[source]?.body(of: batch)
        {
            let request = sites[source].post(body, contentType: "application/fhir+json")
            sites[source].changes.submit(request) { self.ended(batch, reply: $0, from: source) }
        }
    }

    private func ended(_ batch: SourceLine.Batch, reply: HTTPLane.Reply, from source: Int) {
        switch reply.outcome {
        case .unsent(let reason): return notSent(batch, reason, from: source)
        case .unknown(let reason):
            settle(batch, from: source, as: .unknown)
            if !board.isStopped(source) { figures.countError("change: \(reason)", at: source) }
        case .answered(let answer) where answer.isSuccess && Self.isWhole(answer):
            accepted(batch, answer, reply, from: source)
        case .answered(let answer):
            // Whether a server that failed has stored something is not known.
            let isCertain = (400..<500).contains(answer.status)
            settle(batch, from: source, as: isCertain ? .refused : .unknown)
            figures.countError("change: status \(answer.status)", at: source)
        }
        send(from: source)
    }

    private func accepted(
        _ batch: SourceLine.Batch, _ answer: HTTPAnswer, _ reply: HTTPLane.Reply, from source: Int
    ) {
        settle(batch, from: source, as: .acknowledged)
        if batch.intendedAt >= measuredFrom {
            figures.changes.succeeded(inTime: reply.endedAt <= schedule.endsAt)
            figures.workers[source].acknowledged += batch.changes.count
            record(reply, \.accept, batch.intendedAt)
        }
        guard let head = answer.header("wherry-journal-head").flatMap({ Int64($0) }) else {
            return figures.countError("change: an acceptance that names no head of the journal", at: source)
        }
        board.saw(head: head, of: source)
        replication.accepted(
            source: source, head: head, changes: batch.changes.count, intendedAt: batch.intendedAt, at: reply.endedAt
        ) { applied($0, $1, at: reply.endedAt) }
    }

    /// Nothing of it has reached the worker: it is sent again, before what comes behind it.
    private func notSent(_ batch: SourceLine.Batch, _ reason: String, from source: Int) {
        lines[source]?.returned(batch, &ledger, source: source)
        if !board.isStopped(source) { figures.countError("change not sent: \(reason)", at: source) }
        eventLoop.scheduleTask(in: .milliseconds(Self.retryMilliseconds)) {
            self.assumeIsolated { $0.send(from: source) }  // this actor's own event loop runs the task
        }
    }

    private func settle(_ batch: SourceLine.Batch, from source: Int, as fate: Ledger.Fate) {
        lines[source]?.ended()
        for change in batch.changes { ledger.settle(change, source: source, as: fate) }
        guard batch.intendedAt >= measuredFrom else { return }
        switch fate {
        case .acknowledged: break
        case .refused, .unknown: figures.changes.failed += 1
        }
    }

    /// `Wherry-Summary: created=3, …, failed=0`
    static func isWhole(_ answer: HTTPAnswer) -> Bool {
        answer.header("wherry-summary")?.contains("failed=0") ?? true
    }
}
