package import CareRecord
package import Replication
package import Storage

/// A question about one patient to everybody who holds something (design §1, query).
package struct Query: Sendable, Hashable {
    package static let deadlineMillisecondsMax: Int64 = 30_000
    package static let deadlineMillisecondsUsual: Int64 = 2000

    package let request: RecordRequest
    /// For everything together.
    package let deadlineMilliseconds: Int64
    /// For each peer; not above ``deadlineMilliseconds``.
    package let peerDeadlineMilliseconds: Int64

    package init(_ request: RecordRequest, deadlineMilliseconds: Int64, peerDeadlineMilliseconds: Int64? = nil) {
        self.request = request
        self.deadlineMilliseconds = min(max(1, deadlineMilliseconds), Self.deadlineMillisecondsMax)
        self.peerDeadlineMilliseconds = min(
            max(1, peerDeadlineMilliseconds ?? deadlineMilliseconds), self.deadlineMilliseconds)
    }
}

/// What a query tells while it runs, in this order: what the index knows, then pages and answers as they come.
package enum QueryEvent: Sendable {
    /// `asked` are those whose answers are still to come; the others were not asked.
    case began(Lookup, asked: [HIEIdentifier])
    case resources(HIEIdentifier, [RecordResource])
    /// Nothing that this HIE sent counts any more.
    case withdrawn(HIEIdentifier)
    /// Once for each HIE of the topology.
    case settled(PeerAnswer)
}

/// What a query came to, whole.
package struct QueryResult: Sendable {
    package private(set) var lookup: Lookup?
    /// By the order of the topology once the query is over.
    package private(set) var answers: [PeerAnswer] = []
    package private(set) var resources: [(source: HIEIdentifier, resource: RecordResource)] = []

    package init() {}

    package mutating func take(_ event: QueryEvent) {
        switch event {
        case .began(let lookup, _): self.lookup = lookup
        case .resources(let hie, let page): resources += page.map { (hie, $0) }
        case .withdrawn(let hie): resources.removeAll { $0.source == hie }
        case .settled(let answer): answers.append(answer)
        }
    }

    /// What the index holds of those who did not answer whole, in place of what is missing.
    package func standIns(_ categories: Set<Category>?) -> [IndexedEntry] {
        let failed = Set(answers.filter { !$0.state.isWhole }.map(\.hie))
        let known = Set(resources.map { Place(source: $0.source, key: $0.resource.key) })
        return (lookup?.entries ?? []).filter { entry in
            failed.contains(entry.source) && categories?.contains(entry.facts.category) ?? true
                && !known.contains(Place(source: entry.source, key: entry.resource))
        }
    }

    /// The answers in the order in which coverage names the HIEs.
    package var sortedAnswers: [PeerAnswer] {
        let order = lookup?.coverage.map(\.hie) ?? []
        return order.compactMap { hie in answers.first { $0.hie == hie } }
    }

    private struct Place: Hashable {
        let source: HIEIdentifier
        let key: ResourceKey
    }
}
