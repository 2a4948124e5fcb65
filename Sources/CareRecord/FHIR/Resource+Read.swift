extension Resource {
    /// What is read from a resource whose references are resolved; `nil` where an error was found.
    init?(_ members: JSONObject, key: ResourceKey, at place: Expression, _ found: inout OperationOutcome) {
        let element = FHIRElement(members: members.identified(by: key.id), place: place)
        nhsNumber = key.type == "Patient" ? NHSNumber.identifying(element, &found) : nil
        patient = PatientLink(of: element, key: key, &found)
        facts = Facts(of: element, type: key.type, &found)
        let isUnlinked = key.type == "Patient" ? nhsNumber == nil : facts != nil && patient == .none
        if isUnlinked, !found.isRefusal {
            let what = key.type == "Patient" ? "has no NHS number" : "names no patient of this exchange"
            found.append(
                .warning, .incomplete, at: place,
                "\(key.reference) is not linked: it \(what), so it is stored but found by no lookup")
        }
        guard !found.isRefusal else { return nil }
        self.key = key
        body = JSON.object(element.members).serialized()
    }

    /// Reads a stored body again. It does not fail for a body that was made here.
    package init(body: [UInt8], limits: FHIRLimits = FHIRLimits()) throws(OperationOutcome) {
        var found = OperationOutcome()
        guard let resource = Resource(stored: try JSON.resource(body, limits), &found) else { throw found }
        self = resource
    }

    /// Reads what an HIE has stored; `nil` for what none would store.
    package init?(stored members: JSONObject) {
        var found = OperationOutcome()
        self.init(stored: members, &found)
    }

    private init?(stored members: JSONObject, _ found: inout OperationOutcome) {
        let place = Expression.root(members["resourceType"]?.text ?? "Resource")
        let element = FHIRElement(members: members, place: place)
        guard let header = ResourceHeader(of: element, &found) else { return nil }
        self.init(members, key: header.key(of: element), at: place, &found)
    }
}

extension JSONObject {
    /// With this id, written after the type where there was none.
    fileprivate func identified(by id: String) -> JSONObject {
        var resource = self
        if resource["id"] == nil {
            let type = members.firstIndex { $0.name == "resourceType" }
            resource.members.insert(Member(name: "id", value: .string(id)), at: type.map { $0 + 1 } ?? 0)
        }
        return resource
    }
}

extension JSON {
    /// The object that an input consists of. `line` is added to the lines that an error names.
    static func resource(
        _ bytes: [UInt8], _ limits: FHIRLimits, line: Int = 0
    ) throws(OperationOutcome) -> JSONObject {
        let parsed = Result { () throws(JSONError) in
            try parse(bytes, limits: JSONLimits(depthMax: limits.depthMax))
        }
        switch parsed {
        case .success(.object(let members)): return members
        case .success(let other):
            throw OperationOutcome([
                OperationOutcome.Issue(.fatal, .structure, at: "", "expected a resource, found \(other.kind)")
            ])
        case .failure(let error):
            let error = JSONError(reason: error.reason, line: error.line + line, column: error.column)
            throw OperationOutcome([OperationOutcome.Issue(.fatal, .structure, at: "", "not valid JSON: \(error)")])
        }
    }
}
