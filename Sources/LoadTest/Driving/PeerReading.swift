import CareRecord

/// What `GET /api/peers` of one worker says that bears on a load test.
struct PeerReading: Equatable {
    var redelivered = 0
    var parked = 0
    var applied = 0
    /// Whether a broker takes nothing of it.
    var isBlocked = false
    /// Peers that are not complete, with their states: `homerton silent`.
    var incomplete: [String] = []

    init() {}

    /// `nil` for what is no such answer.
    init?(_ body: [UInt8]) {
        guard let json = try? JSON.parse(body), let counters = json["counters"]?.object,
            let peers = json["peers"]?.elements
        else { return nil }
        func count(_ name: String) -> Int { Int(clamping: counters[name]?.integer ?? 0) }
        redelivered = count("messagesRedelivered")
        parked = count("messagesParked")
        applied = count("changesApplied")
        isBlocked = json["brokers"]?.elements?.contains { $0["state"]?.text == "blocked" } ?? false
        incomplete = peers.compactMap { peer in
            guard let hie = peer["hie"]?.text, let state = peer["state"]?.text else { return nil }
            return state == "complete" || state == "planned" ? nil : "\(hie) \(state)"
        }
    }
}

/// What a counter of a worker has come to since a load test first read it, over restarts, with which it begins at 0
/// again.
struct RestartingCount: Sendable, Equatable {
    private var last: Int?
    private(set) var total = 0

    mutating func read(_ value: Int) {
        if let last { total += value >= last ? value - last : value }
        last = value
    }
}

/// What a worker's buckets of a latency have come to since a load test first read them.
struct WorkerBuckets: Sendable, Equatable {
    private var last: [UInt64: UInt64]?
    private(set) var counts: [UInt64: UInt64] = [:]

    /// `{"confirm":{"unit":"microseconds","sum":S,"counts":[[V,COUNT],…]},…}`; what is of another form counts for
    /// nothing.
    mutating func read(_ name: String, of json: JSON) {
        guard let pairs = json[name]?["counts"]?.elements else { return }
        var now: [UInt64: UInt64] = [:]
        for pair in pairs {
            guard let value = pair.elements?.first?.integer, let count = pair.elements?.last?.integer, value >= 0,
                count >= 0
            else { continue }
            now[UInt64(value)] = UInt64(count)
        }
        defer { last = now }
        guard let last else { return }
        let hasRestarted = last.contains { now[$0.key] ?? 0 < $0.value }
        for (value, count) in now {
            let more = count - (hasRestarted ? 0 : last[value] ?? 0)
            if more > 0 { counts[value, default: 0] += more }
        }
    }
}
