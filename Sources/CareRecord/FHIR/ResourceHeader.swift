/// The type and the id that a resource gives itself.
struct ResourceHeader {
    let type: String
    let id: String?

    /// `nil` where either cannot be used, which is reported.
    init?(of resource: FHIRElement, _ found: inout OperationOutcome) {
        guard let type = resource.required("resourceType", "such as \"Condition\"", &found) else { return nil }
        guard ResourceKey.isType(type) else {
            found.append(.error, .structure, at: resource.place(of: "resourceType"), "not the name of a FHIR type")
            return nil
        }
        self.type = type
        guard resource.members["id"] != nil else {
            id = nil
            return
        }
        guard let id = resource.text("id", &found) else { return nil }
        guard ResourceKey.isID(id) else {
            found.append(
                .error, .value, at: resource.place(of: "id"),
                "not a FHIR id: use 1 to 64 letters, digits, hyphens and full stops")
            return nil
        }
        self.id = id
    }

    /// The key under which the resource is stored: by its own id, or else by `fallback`, or else by an id made from
    /// its content, so that the same resource sent again is the same resource.
    func key(of resource: FHIRElement, fallback: String? = nil) -> ResourceKey {
        let id = self.id ?? fallback ?? Self.contentID(resource.members)
        guard let key = ResourceKey(type: type, id: id) else {
            preconditionFailure("the type and the id were checked before")
        }
        return key
    }

    /// Half a SHA-256, as hexadecimal digits.
    private static func contentID(_ resource: JSONObject) -> String {
        SHA256.digest(JSON.object(resource).serialized()).prefix(16).hexadecimal
    }
}

extension FHIRElement {
    /// A string that must be there; `what` describes it for the report of its absence.
    func required(_ name: String, _ what: String, _ found: inout OperationOutcome) -> String? {
        if members[name] == nil {
            found.append(.error, .required, at: place(of: name), "missing: send \(what)")
        }
        return text(name, &found)
    }
}
