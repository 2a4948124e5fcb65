import CareRecord
import Hummingbird
import Worker

/// `GET /api/latencies`: how long the worker's dealings with brokers took since its start, finely counted.
struct LatenciesRoute: Sendable {
    let worker: Worker

    func get() -> Response {
        .json { json in
            json.object("confirm") { $0.members(of: worker.durations.confirm.now) }
            json.object("apply") { $0.members(of: worker.durations.apply.now) }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func members(of snapshot: DurationCounts.Snapshot) {
        member("unit", "microseconds")
        member("sum", snapshot.sumMicroseconds)
        array("counts") { json in
            for bucket in snapshot.buckets {
                json.array { json in
                    json.element(bucket.microseconds)
                    json.element(bucket.count)
                }
            }
        }
    }
}
