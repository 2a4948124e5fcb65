/// What somebody asks an HIE to store: a bundle or a single resource, read and judged.
///
/// Reading is a pure function of the bytes, so the same input gives the same resources with the same ids.
package struct Submission: Sendable {
    /// How much is refused with one bad item.
    package enum Kind: String, Sendable {
        /// All or nothing (Bundle types `transaction` and `collection`, and a resource on its own).
        case transaction, collection, single
        /// Each entry by itself.
        case batch
    }

    /// One thing to do to an HIE's records.
    package enum Operation: Sendable, Hashable {
        case put(Resource)
        case delete(ResourceKey)

        package var key: ResourceKey {
            switch self {
            case .put(let resource): resource.key
            case .delete(let key): key
            }
        }
    }

    package struct Item: Sendable {
        /// The entry of the bundle, from 0; in NDJSON the line, from 1; 0 for a resource on its own.
        package let index: Int
        package let fullUrl: String?
        /// The method of a transaction or batch entry, `PUT` for everything else.
        package let method: Method
        package let result: Result<Operation, OperationOutcome>
        /// What was found and does not refuse the item.
        package let warnings: [OperationOutcome.Issue]
    }

    /// FHIR R4, value set http-verb; those that Wherry accepts.
    package enum Method: String, Sendable {
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    package let kind: Kind
    package let items: [Item]
    /// What was found about the input as a whole.
    package let issues: [OperationOutcome.Issue]

    package init(kind: Kind, items: [Item], issues: [OperationOutcome.Issue]) {
        self.kind = kind
        self.items = items
        self.issues = issues
    }

    /// Whether nothing of it may be stored. Of a batch that is not refused, the items that succeeded may be.
    package var isRefused: Bool {
        issues.contains { $0.severity <= .error } || (kind != .batch && items.contains { $0.operation == nil })
    }

    /// The operations of the items that succeeded, in their order: what to store unless it `isRefused`.
    package var operations: [Operation] { items.compactMap(\.operation) }

    /// Everything that was found, warnings included.
    package var outcome: OperationOutcome {
        var outcome = OperationOutcome(issues)
        for item in items {
            if case .failure(let found) = item.result { outcome.append(contentsOf: found) }
            for warning in item.warnings { outcome.append(warning) }
        }
        return outcome
    }
}

extension Submission.Item {
    /// `nil` where the item failed.
    package var operation: Submission.Operation? { try? result.get() }
}
