import CareRecord

/// What is sent to have something done: who does it, why, and with what.
struct Act: Sendable {
    private var object: JSONObject

    init(by name: String, reason: String? = nil) {
        object = JSONObject([.init(name: "by", value: .string(name))])
        object["reason"] = reason.map { .string($0) }
    }

    /// Leaves out what is `nil`.
    func with(_ name: String, _ value: JSON?) -> Act {
        var act = self
        if let value { act.object[name] = value }
        return act
    }

    var json: JSON { .object(object) }
    var bytes: [UInt8] { json.serialized() }
}

extension WorkerClient {
    /// Has something done to dead letters; again while the worker is too busy to begin with it.
    func act(_ path: String, _ act: Act, secondsMax: Int64 = 60) async throws -> WorkerReply {
        try await ask(path, type: "application/json", act.bytes, secondsMax: secondsMax)
    }
}
