/// Reads the entries of a bundle together: ids first, then the references between them.
struct BundleReader {
    private let kind: Submission.Kind
    private var entries: [BundleEntry] = []
    private var entryOfKey: [ResourceKey: Int] = [:]
    private var entryOfURL: [String: Int] = [:]
    private var resolver: ReferenceResolver

    private init(kind: Submission.Kind) {
        self.kind = kind
        resolver = ReferenceResolver(unknown: kind == .transaction ? .error : .warning)
    }

    static func read(_ members: JSONObject, _ limits: FHIRLimits) -> Submission {
        let bundle = FHIRElement(members: members, place: .root("Bundle"))
        var found = OperationOutcome()
        guard let kind = kind(of: bundle, &found), let values = entries(of: bundle, limits, &found) else {
            return Submission(refused: found)
        }
        var reader = BundleReader(kind: kind)
        for (index, value) in values.enumerated() {
            reader.add(BundleEntry(value, index: index, kind: kind))
        }
        return Submission(kind: kind, items: reader.entries.map(reader.item), issues: [])
    }

    private static func kind(of bundle: FHIRElement, _ found: inout OperationOutcome) -> Submission.Kind? {
        switch bundle.required("type", "transaction, batch or collection", &found) {
        case "transaction": return .transaction
        case "batch": return .batch
        case "collection": return .collection
        case nil: return nil
        default:
            found.append(
                .error, .notSupported, at: bundle.place(of: "type"),
                "bundles of this type are not accepted: send a transaction, a batch or a collection")
            return nil
        }
    }

    private static func entries(
        of bundle: FHIRElement, _ limits: FHIRLimits, _ found: inout OperationOutcome
    ) -> [JSON]? {
        switch bundle.members["entry"] {
        case nil: return []
        case .array(let values) where values.count <= limits.entriesMax: return values
        case .array(let values):
            found.append(
                .error, .tooCostly, at: bundle.place(of: "entry"),
                "\(values.count) entries, of which \(limits.entriesMax) are accepted at once: split the bundle")
        case .some(let other):
            found.append(
                .error, .structure, at: bundle.place(of: "entry"), "expected an array, found \(other.kind)")
        }
        return nil
    }

    private mutating func add(_ entry: BundleEntry) {
        var entry = entry
        if let key = entry.key {
            report(entryOfKey.updateValue(entry.index, forKey: key), key.reference, in: &entry)
            if let fullUrl = entry.fullUrl, entry.resource != nil {
                report(entryOfURL.updateValue(entry.index, forKey: fullUrl), "the fullUrl", in: &entry)
                resolver.targets[fullUrl] = key.reference
            }
        }
        entries.append(entry)
    }

    private func report(_ earlier: Int?, _ what: String, in entry: inout BundleEntry) {
        guard let earlier else { return }
        entry.found.append(
            .error, .duplicate, at: entry.place,
            "\(what) is in entries \(earlier) and \(entry.index), counted from 0: send each resource once")
    }

    private func item(_ entry: BundleEntry) -> Submission.Item {
        var found = entry.found
        var operation: Submission.Operation?
        if let key = entry.key {
            operation = entry.resource.map { put($0, key, entry.place, &found) } ?? .delete(key)
        }
        return Submission.Item(
            index: entry.index, fullUrl: entry.fullUrl, method: entry.method, operation: operation, found)
    }

    private func put(
        _ resource: JSONObject, _ key: ResourceKey, _ place: Expression, _ found: inout OperationOutcome
    ) -> Submission.Operation? {
        var resource = resource
        let place = Expression.member(place, "resource")
        resolver.resolve(&resource, at: place, &found)
        return Resource(resource, key: key, at: place, &found).map(Submission.Operation.put)
    }
}

extension Submission.Item {
    /// A failure where an error was found or there is nothing to do.
    init(
        index: Int, fullUrl: String? = nil, method: Submission.Method = .put, operation: Submission.Operation?,
        _ found: OperationOutcome
    ) {
        self.index = index
        self.fullUrl = fullUrl
        self.method = method
        if let operation, !found.isRefusal {
            result = .success(operation)
            warnings = found.issues
        } else {
            result = .failure(found)
            warnings = []
        }
    }
}
