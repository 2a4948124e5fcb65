import CareRecord
import HTTPTypes
import Storage

/// One item of a submission and what became of it.
struct StoredItem: Sendable {
    enum Fate: Sendable {
        case stored(ResourceKey, RecordOutcome)
        case failed
    }

    let fate: Fate
    /// What was found: errors where it failed, else warnings.
    let found: OperationOutcome
    let isUnlinked: Bool
    let index: Int

    init(_ item: Submission.Item, _ outcome: RecordOutcome?, isUnlinked: Bool) {
        index = item.index
        switch (item.result, outcome) {
        case (.success(let operation), let outcome?):
            fate = .stored(operation.key, outcome)
            var found = OperationOutcome(item.warnings)
            if isUnlinked { found.append(Self.unlinked(operation.key)) }
            self.found = found
            self.isUnlinked = isUnlinked
        case (.success, nil):
            preconditionFailure("every operation that is handed to the store has an outcome")
        case (.failure(let found), _):
            fate = .failed
            self.found = found
            self.isUnlinked = false
        }
    }

    private static func unlinked(_ key: ResourceKey) -> OperationOutcome.Issue {
        OperationOutcome.Issue(
            .warning, .incomplete, at: "",
            "\(key.reference) is stored and in nobody's record: no NHS number is known for its patient; "
                + "send the Patient with one")
    }

    /// An element of `Bundle.entry` of the answer (FHIR R4, http.html#transaction-response).
    func entry() -> JSON {
        var response = JSONObject()
        switch fate {
        case .failed: response["status"] = .string(found.refusalStatus.fhir)
        case .stored(let key, let outcome):
            response["status"] = .string(outcome.status.fhir)
            if let version = outcome.version {
                response["location"] = .string("\(key.reference)/_history/\(version)")
                response["etag"] = .string(outcome.etag)
            }
        }
        if !found.issues.isEmpty { response["outcome"] = found.json() }
        return ["response": .object(response)]
    }
}

extension RecordOutcome {
    /// `nil` where nothing is left that has a version.
    var version: Int64? {
        switch self {
        case .created(let version), .updated(let version), .unchanged(let version): version
        case .deleted, .absent: nil
        }
    }

    var status: HTTPResponse.Status {
        switch self {
        case .created: .created
        case .updated, .unchanged: .ok
        case .deleted, .absent: .noContent
        }
    }

    /// A weak entity tag of the version (FHIR R4, http.html#versioning); empty where there is none.
    var etag: String { version.map(weakTag) ?? "" }
}

/// `W/"3"`.
func weakTag(_ version: Int64) -> String { "W/\"\(version)\"" }

extension OperationOutcome {
    /// 400 for what is not FHIR at all, 413 for what costs too much, 422 for values that are refused
    /// (FHIR R4, http.html#create).
    var refusalStatus: HTTPResponse.Status {
        let codes = issues.filter { $0.severity <= .error }.map(\.code)
        if codes.contains(.tooCostly) { return .contentTooLarge }
        return codes.contains { $0 == .structure || $0 == .required } ? .badRequest : .unprocessableContent
    }
}

extension HTTPResponse.Status {
    /// `201 Created`, as `Bundle.entry.response.status` has it.
    var fhir: String { "\(code) \(reasonPhrase)" }
}
