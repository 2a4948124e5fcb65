import CareRecord
import Hummingbird
import Worker

/// `GET /livez` and `GET /readyz`: for whoever restarts the worker, and whoever sends it requests.
struct HealthRoutes: Sendable {
    let worker: Worker

    /// 503 when the worker's own loop stands still: restart it.
    func live() -> Response {
        worker.isAlive
            ? .content(Array("ok\n".utf8), ContentType.text)
            : .content(
                Array("the worker's own loop stands still\n".utf8), ContentType.text, status: .serviceUnavailable)
    }

    /// 200 unless starting or stopping: a broker that is down must not take lookups away (promise P4).
    func ready() -> Response {
        let readiness = worker.readiness
        let isServing =
            switch readiness.state {
            case .ready, .degraded: true
            case .starting, .stopping: false
            }
        return .json(status: isServing ? .ok : .serviceUnavailable) { json in
            json.member("status", readiness.state.rawValue)
            json.array("reasons") { json in
                for reason in readiness.reasons {
                    json.object { json in
                        json.member("part", reason.part)
                        json.member("state", reason.state)
                        json.member("since", reason.since.text)
                        json.member("reason", reason.reason)
                    }
                }
            }
        }
    }
}
