package import AMQP
package import CareRecord
package import Replication

/// Where a letter stands.
package enum LetterState: String, Sendable, CaseIterable {
    /// It waits for an operator, and its source is held.
    case parked
    /// It needs nobody any more: see ``ParkedLetter/resolution``.
    case resolved
    /// An operator decided that it is not wanted; it can be restored until it is forgotten.
    case discarded
}

/// What ended a letter.
package enum LetterResolution: String, Sendable, CaseIterable {
    /// A replay applied it.
    case applied
    /// A replay found it in the index.
    case duplicate
    /// The source has said something later of the same record.
    case superseded
    /// Every number of its range has been applied since, from the source itself.
    case covered
}

/// Where a letter came from.
package struct LetterOrigin: Sendable, Hashable {
    /// The broker's name in the topology; `nil` for the own journal and for letters of earlier versions.
    package let broker: String?
    package let queue: String
    package let exchange: String
    package let routingKey: String

    package init(broker: String?, queue: String, exchange: String, routingKey: String) {
        self.broker = broker
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
    }

    /// Such as `nel wherry.changes.barts`.
    package var text: String { [broker, queue].compactMap(\.self).joined(separator: " ") }
}

/// A letter in a list: everything but its content.
package struct LetterRow: Sendable, Hashable {
    package let id: Int64
    package let state: LetterState
    package let resolution: LetterResolution?
    package let cause: Rejection.Cause
    package let detail: String
    package let source: HIEIdentifier?
    package let type: String?
    package let messageID: String?
    package let origin: LetterOrigin
    package let subject: LetterSubject
    package let firstSeen: Timestamp
    package let lastSeen: Timestamp
    /// How often it came.
    package let count: Int
    package let isEdited: Bool
    package let sizeBytes: Int
    /// SHA-256 of the content as it is now, in hexadecimal digits: what a plan freezes.
    package let contentHash: String
}

/// A letter, whole.
package struct ParkedLetter: Sendable, Equatable {
    package let row: LetterRow
    package let identity: LetterIdentity
    /// As it is now, edited or not.
    package let message: Message
    /// As it came, where it was edited.
    package let original: Message?
}

/// Something that was done to a letter.
package struct LetterEvent: Sendable, Hashable {
    package let at: Timestamp
    /// Who did it; `nil` for the worker itself.
    package let by: String?
    /// Such as `parked`, `edited`, `discarded`, `restored`, `replayed`, `resolved`, `imported`.
    package let act: String
    package let detail: String

    package init(at: Timestamp, by: String?, act: String, detail: String) {
        self.at = at
        self.by = by
        self.act = act
        self.detail = detail
    }
}
