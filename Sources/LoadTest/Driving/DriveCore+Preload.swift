import CareRecord
import NIOCore

/// The population's records, before the clock starts.
extension DriveCore {
    /// Resources in one request.
    private static let chunkBytes = 400_000
    /// Nothing new for this long, and loading has failed.
    private static let stallSecondsMax = 180.0

    /// What is done of one worker's share.
    private struct Cursor: Sendable {
        let worker: Int
        /// The first patient who is not sent.
        var patient = 0
        var patientsSent = 0
    }

    /// Sends every HIE its records, and waits until every subscriber has applied them.
    func loadPopulation(_ progress: @Sendable (Double) -> Void) async throws {
        let pairs = (0..<population.patients).reduce(0) { $0 + population.places(knowing: $1).count }
        var sent = 0
        try await withThrowingTaskGroup(of: Cursor.self) { group in
            for worker in hies.indices { group.addTask { try await self.sendChunk(Cursor(worker: worker)) } }
            while var cursor = try await group.next() {
                sent += cursor.patientsSent
                progress(0.5 * Double(sent) / Double(max(1, pairs)))
                guard cursor.patient < population.patients else { continue }
                cursor.patientsSent = 0
                group.addTask { [cursor] in try await self.sendChunk(cursor) }
            }
        }
        try await untilApplied(stallSecondsMax: Self.stallSecondsMax) { progress(0.5 + 0.5 * $0) }
    }

    /// Sends the next patients' records in one request.
    private func sendChunk(_ from: Cursor) async throws -> Cursor {
        var cursor = from
        var writer = JSONWriter(capacity: Self.chunkBytes + 65_536)
        while cursor.patient < population.patients, writer.count < Self.chunkBytes {
            if population.places(knowing: cursor.patient).contains(cursor.worker) {
                population.write(patient: cursor.patient, at: hies[cursor.worker], as: .ndjson, into: &writer)
                cursor.patientsSent += 1
            }
            cursor.patient += 1
        }
        guard writer.count > 0 else { return cursor }
        let site = sites[cursor.worker]
        let reply = await site.control.answer(to: site.post(writer.bytes, contentType: "application/x-ndjson"))
        guard case .answered(let answer) = reply.outcome else {
            throw LoadTestError(.worker, "\(hies[cursor.worker]) did not take the population: \(reply.outcome.words)")
        }
        guard answer.isSuccess, Self.isWhole(answer) else {
            throw LoadTestError(.worker, "\(hies[cursor.worker]) refused the population: status \(answer.status)")
        }
        if let head = answer.header("wherry-journal-head").flatMap({ Int64($0) }) {
            board.saw(head: head, of: cursor.worker)
        }
        return cursor
    }

    /// Waits until every subscriber that runs has applied all there is; for as long as it goes on.
    private func untilApplied(stallSecondsMax: Double, _ progress: (Double) -> Void) async throws {
        var (last, lastAt) = (-1.0, HTTPLane.now)
        while !board.haveReached(board.heads()) {
            let share = board.appliedShare
            if share > last {
                (last, lastAt) = (share, HTTPLane.now)
                progress(share)
            }
            guard HTTPLane.now < lastAt + UInt64(stallSecondsMax * 1e9) else {
                let missing = board.missing(board.heads()).prefix(3).joined(separator: "; ")
                throw LoadTestError(.timedOut, "the population is not applied everywhere: \(missing)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        progress(1)
    }
}

extension HTTPLane.Outcome {
    /// For people.
    var words: String {
        switch self {
        case .answered(let answer): "status \(answer.status)"
        case .unsent(let reason), .unknown(let reason): reason
        }
    }
}
