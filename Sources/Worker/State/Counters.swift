package import CareRecord
import NIOConcurrencyHelpers
package import Replication

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
    /// Letters that were replayed, by the word for what came of it.
    package var replayed: [String: Int64] = [:]
    /// Messages that the broker had put aside and that were taken from it.
    package var messagesDrained: Int64 = 0
    /// Messages that reached no queue and are of no use any more, by type.
    package var unroutedTransient: [MessageHeader.Kind: Int64] = [:]
    /// Replayed messages that no plan of this HIE waits for.
    package var replaysUnknown: Int64 = 0
    /// Dead letters that were sent again and that the broker put aside again.
    package var replaysReturned: Int64 = 0
    /// Messages that were read alone because the broker had delivered them in vain before.
    package var messagesSuspicious: Int64 = 0
    package var reconnects: Int64 = 0
    package var resourcesAccepted: Int64 = 0
    package var resourcesRefused: Int64 = 0
    package var lookups: Int64 = 0
    package var indexTransactions: Int64 = 0
    package var questionsAsked: Int64 = 0
    /// Questions that ended without an answer.
    package var questionsUnanswered: Int64 = 0
    /// Answers that no question waited for.
    package var answersUnexpected: Int64 = 0
    package var answersUnreadable: Int64 = 0
    package var answersGiven: Int64 = 0
    /// Questions that were answered with why they are not.
    package var answersRefused: Int64 = 0
    /// Questions that nobody waited for any more when their turn came.
    package var questionsExpired: Int64 = 0
    /// Questions that could not be read, or came from nobody who may ask.
    package var questionsRejected: Int64 = 0
    /// Pages that were asked for and are in the index.
    package var pagesApplied: Int64 = 0
    /// Changes of these pages that changed the index.
    package var changesRepaired: Int64 = 0
    /// Times that a source's entries were found to differ from the source's own.
    package var divergences: Int64 = 0
    /// Rows that were put right after that.
    package var rowsMended: Int64 = 0
    /// Rows of the index are counted anew at an audit: buckets whose kept digest was wrong.
    package var bucketsCorrected: Int64 = 0
    package var audits: Int64 = 0
    package var epochsBegun: Int64 = 0
    /// Questions about a patient to everybody who holds something.
    package var queries: Int64 = 0
    /// Answers that held another patient's data.
    package var foreignAnswers: Int64 = 0
    package var indexRebuilds: Int64 = 0
}

/// The counters of one worker, counted from all its parts.
package final class CounterBoard: Sendable {
    private let counters = NIOLockedValueBox(Counters())

    package init() {}

    package var now: Counters { counters.withLockedValue { $0 } }

    package func count(_ change: (inout Counters) -> Void) {
        counters.withLockedValue { change(&$0) }
    }
}
