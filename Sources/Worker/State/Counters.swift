package import CareRecord
package import Replication
import Synchronization

/// What a worker has done since it started. Every number only grows.
package struct Counters: Sendable, Hashable {
    package var changesPublished: Int64 = 0
    package var messagesPublished: Int64 = 0
    /// Messages that the broker took and that reached no queue.
    package var messagesUnroutable: Int64 = 0
    package var messagesRefused: Int64 = 0
    package var pulsesSent: Int64 = 0
    package var pulsesReceived: Int64 = 0
    /// Changes that changed the index, by source.
    package var changesApplied: [HIEIdentifier: Int64] = [:]
    /// Changes that were there already.
    package var changesSuperseded: Int64 = 0
    package var messagesReceived: Int64 = 0
    package var messagesRedelivered: Int64 = 0
    /// Messages of HIEs that are not connected yet.
    package var messagesEarly: Int64 = 0
    package var batchesStale: Int64 = 0
    package var sourcesReplaced: Int64 = 0
    package var parked: [Rejection.Cause: Int64] = [:]
    package var reconnects: Int64 = 0
    package var resourcesAccepted: Int64 = 0
    package var resourcesRefused: Int64 = 0
    package var lookups: Int64 = 0
    package var indexTransactions: Int64 = 0
}

/// The counters of one worker, counted from all its parts.
package final class CounterBoard: Sendable {
    private let counters = Mutex(Counters())

    package init() {}

    package var now: Counters { counters.withLock { $0 } }

    package func count(_ change: (inout Counters) -> Void) {
        counters.withLock { change(&$0) }
    }
}
