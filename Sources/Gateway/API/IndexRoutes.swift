import CareRecord
import Hummingbird
import Storage
import Worker

/// `POST /api/index/verify` and `POST /api/index/rebuild`: whether the index is what its sources say, and making it
/// anew.
struct IndexRoutes: Sendable {
    let worker: Worker

    /// Counts every row anew and asks each source for its digest; takes seconds on a large index.
    func verify() async -> Response {
        let verdicts = await worker.verifyIndex()
        let isEqual = verdicts.values.allSatisfy { $0 == .equal }
        return .json { json in
            json.members(of: worker.seat)
            json.member("equal", isEqual)
            json.array("sources") { json in
                for (hie, verdict) in verdicts.sorted(by: { $0.key < $1.key }) {
                    json.object { json in
                        json.member("hie", hie.text)
                        json.members(of: verdict)
                    }
                }
            }
        }
    }

    /// Answers once the index is set aside; it fills again by itself.
    func rebuild() async throws -> Response {
        try await worker.rebuildIndex()
        return .json(status: .accepted) { json in
            json.members(of: worker.seat)
            json.member("rebuilding", true)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func members(of verdict: IndexVerdict) {
        switch verdict {
        case .equal:
            member("state", "equal")
        case .differs(let buckets):
            member("state", "differs")
            member("buckets", buckets)
            member("reason", "entries in \(buckets) buckets are not the source's: they are mended by themselves")
        case .unknown(let reason):
            member("state", "unknown")
            member("reason", reason)
        }
    }
}
