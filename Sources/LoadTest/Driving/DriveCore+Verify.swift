import CareRecord
import NIOCore

/// The check at the end.
extension DriveCore {
    /// Lookups of the check at one worker at once.
    private static let checksMax = 8
    private static let triesMax = 3
    /// A worker that fails so many lookups of the check is not asked any more.
    private static let failuresMax = 20
    private static let problemsMax = 3

    func verify(secondsMax: Int) async throws {
        let deadline = HTTPLane.now + UInt64(secondsMax) * 1_000_000_000
        for source in lines.indices { send(from: source) }
        try await patiently(until: deadline) { self.lines.indices.allSatisfy { self.isDone($0) } }
        // Confirmed by nobody, but perhaps committed.
        var heads = board.heads()
        try await patiently(until: deadline) {
            heads = self.board.heads()
            return self.board.haveReached(heads)
        }
        let missing = board.missing(heads)
        await poll()
        var verification = Verification(ledger, hies: hies.count, seed: profile.seed)
        if verification.patients.count < verification.touchedCount {
            figures.remarks.append(
                "of \(verification.touchedCount) patients whose records changed, \(verification.patients.count), "
                    + "chosen by the seed, were checked")
        }
        let names = hies.map { Array($0.text.utf8) }
        try await look(up: verification.patients, names) { patient, worker in
            verification.sources(of: patient).contains(worker)
        } _: { patient, worker, seen in
            verification.settle(patient: patient, at: worker, seen)
        }
        try await look(up: verification.patients, names) { _, _ in
            true
        } _: { patient, _, seen in
            verification.judge(patient: patient, seen)
        }
        let tally = verification.tally
        figures.verification = tally
        publish()
        guard missing.isEmpty else {
            let shown = missing.prefix(Self.problemsMax).joined(separator: "; ")
            throw LoadTestError(.timedOut, "the mesh has not caught up within \(secondsMax) s: \(shown)")
        }
        guard tally.unchecked == 0 else {
            throw LoadTestError(.worker, "\(tally.unchecked) records could not be looked for at every worker")
        }
    }

    private func patiently(until deadline: UInt64, _ condition: () -> Bool) async throws {
        while !condition(), HTTPLane.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
    }

    private struct Look: Sendable {
        let patient: Int
        let worker: Int
        let seen: [SeenRecord]?
    }

    /// Looks patients up at the workers that are wanted, some at each worker at once.
    private func look(
        up patients: [Int], _ names: [[UInt8]], where isWanted: (_ patient: Int, _ worker: Int) -> Bool,
        _ take: (_ patient: Int, _ worker: Int, [SeenRecord]) -> Void
    ) async throws {
        var failures = Array(repeating: 0, count: hies.count)
        var queues = hies.indices.map { worker in
            Queue(board.isStopped(worker) ? [] : patients.filter { isWanted($0, worker) })
        }
        try await withThrowingTaskGroup(of: Look.self) { group in
            for worker in hies.indices {
                for _ in 0..<Self.checksMax {
                    guard let patient = queues[worker].removeFirst() else { break }
                    group.addTask { await self.look(up: patient, at: worker, names) }
                }
            }
            while let look = try await group.next() {
                if let seen = look.seen {
                    take(look.patient, look.worker, seen)
                } else {
                    failures[look.worker] += 1
                    if failures[look.worker] == Self.failuresMax { queues[look.worker] = Queue() }
                }
                try Task.checkCancellation()
                guard let patient = queues[look.worker].removeFirst() else { continue }
                let worker = look.worker
                group.addTask { await self.look(up: patient, at: worker, names) }
            }
        }
    }

    private func look(up patient: Int, at worker: Int, _ names: [[UInt8]]) async -> Look {
        let number = population.nhsNumber(patient: patient)
        for _ in 0..<Self.triesMax {
            guard sites.indices.contains(worker) else { break }
            let reply = await sites[worker].control.answer(to: sites[worker].lookup(number))
            guard case .answered(let answer) = reply.outcome, answer.status == 200 else { continue }
            let seen = answer.body.withUnsafeReadableBytes { LookupJudge.records(in: $0, sources: names) }
            if let seen { return Look(patient: patient, worker: worker, seen: seen) }
        }
        figures.countError("check: a lookup that failed", at: worker)
        return Look(patient: patient, worker: worker, seen: nil)
    }
}
