package import CareRecord

/// Since when each number of a source's journal is known to be missing.
///
/// A hole lies below something applied, or between the highest applied number and the source's head. Messages on their
/// way make holes too, so only a hole that has lasted is worth asking for. The one below the head counts from when the
/// last change came: behind a backlog it moves, and is none.
package struct HoleWatch: Sendable {
    package typealias Hole = AppliedRanges.Island

    /// By the hole's upper end, which stays while the hole shrinks.
    private var since: [Int64: Timestamp] = [:]
    private var tail: (highest: Int64, since: Timestamp)?

    package init() {}

    package mutating func note(_ applied: AppliedRanges, head: Int64?, at now: Timestamp) {
        if !applied.islands.isEmpty || !since.isEmpty {
            since = Dictionary(
                applied.islands.map { ($0.after, since[$0.after] ?? now) }, uniquingKeysWith: { first, _ in first })
        }
        let highest = applied.highest
        guard let head, head > highest else {
            tail = nil
            return
        }
        if tail?.highest != highest { tail = (highest, now) }
    }

    /// The lowest hole that has lasted this long.
    package func due(_ applied: AppliedRanges, head: Int64?, at now: Timestamp, ageMilliseconds: Int64) -> Hole? {
        for hole in applied.holes {
            if let since = since[hole.through], now.isPast(since, byMilliseconds: ageMilliseconds) { return hole }
        }
        guard let head, let tail, head > tail.highest, now.isPast(tail.since, byMilliseconds: ageMilliseconds) else {
            return nil
        }
        return Hole(after: tail.highest, through: head)
    }
}
