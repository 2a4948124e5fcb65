package import CareRecord
import NIOConcurrencyHelpers

/// How far every worker is, for whoever asks: heads of the sources, watermarks of the subscribers.
package final class ProgressBoard: Sendable {
    private struct State {
        var heads: [Int64]
        /// By subscriber, then source; -1 while it was never told.
        var watermarks: [[Int64]]
        /// How many faults keep a worker stopped.
        var stops: [Int]
    }

    private let hies: [HIEIdentifier]
    private let places: [HIEIdentifier: Int]
    private let state: NIOLockedValueBox<State>

    package init(_ hies: [HIEIdentifier]) {
        self.hies = hies
        places = Dictionary(hies.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        state = NIOLockedValueBox(
            State(
                heads: Array(repeating: 0, count: hies.count),
                watermarks: Array(repeating: Array(repeating: -1, count: hies.count), count: hies.count),
                stops: Array(repeating: 0, count: hies.count)))
    }

    package func place(of hie: HIEIdentifier) -> Int? { places[hie] }

    package func heads() -> [HIEIdentifier: Int64] {
        let heads = state.withLockedValue { $0.heads }
        return Dictionary(zip(hies, heads), uniquingKeysWith: { first, _ in first })
    }

    /// Whether every subscriber that runs has applied as much of every source that is named.
    package func haveReached(_ heads: [HIEIdentifier: Int64]) -> Bool { missing(heads).isEmpty }

    /// What subscribers that run have not applied, in words: `barts lacks 12 changes of homerton`.
    func missing(_ wanted: [HIEIdentifier: Int64]) -> [String] {
        let state = state.withLockedValue { $0 }
        var missing: [String] = []
        for (subscriber, hie) in hies.enumerated() where state.stops[subscriber] == 0 {
            for (source, name) in hies.enumerated() {
                let behind = (wanted[name] ?? 0) - max(0, state.watermarks[subscriber][source])
                if behind > 0 { missing.append("\(hie) lacks \(behind) changes of \(name)") }
            }
        }
        return missing
    }

    /// Of all that was committed, the part that is applied, 0…1.
    var appliedShare: Double {
        state.withLockedValue { state in
            let wanted = state.heads.reduce(0, +) * Int64(hies.count)
            guard wanted > 0 else { return 1 }
            var applied: Int64 = 0
            for watermarks in state.watermarks {
                for (watermark, head) in zip(watermarks, state.heads) { applied += min(max(0, watermark), head) }
            }
            return Double(applied) / Double(wanted)
        }
    }

    /// Changes of others that are committed and not applied, by subscriber.
    var backlog: [Int] {
        state.withLockedValue { state in
            hies.indices.map { subscriber in
                hies.indices.reduce(0) { sum, source in
                    guard source != subscriber else { return sum }
                    return sum + Int(max(0, state.heads[source] - max(0, state.watermarks[subscriber][source])))
                }
            }
        }
    }

    /// Workers that never told their progress.
    var unheard: [HIEIdentifier] {
        state.withLockedValue { state in hies.indices.filter { state.watermarks[$0][$0] < 0 }.map { hies[$0] } }
    }

    // MARK: - What is seen

    func saw(head: Int64, of source: Int) {
        state.withLockedValue { $0.heads[source] = max($0.heads[source], head) }
    }

    func saw(_ watermark: Int64, of source: Int, at subscriber: Int) {
        state.withLockedValue { $0.watermarks[subscriber][source] = watermark }
    }

    func heard(_ worker: Int) {
        state.withLockedValue { $0.watermarks[worker][worker] = max(0, $0.watermarks[worker][worker]) }
    }

    func isStopped(_ worker: Int) -> Bool { state.withLockedValue { $0.stops[worker] > 0 } }

    /// Returns whether it was running before, or runs again.
    @discardableResult
    func stop(_ worker: Int) -> Bool {
        state.withLockedValue { state in
            state.stops[worker] += 1
            return state.stops[worker] == 1
        }
    }

    @discardableResult
    func goOn(_ worker: Int) -> Bool {
        state.withLockedValue { state in
            guard state.stops[worker] > 0 else { return false }
            state.stops[worker] -= 1
            return state.stops[worker] == 0
        }
    }
}
