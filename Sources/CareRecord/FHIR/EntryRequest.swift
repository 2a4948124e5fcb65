/// What an entry of a transaction or batch asks for (FHIR R4, Bundle.entry.request).
struct EntryRequest {
    enum Target {
        /// `POST Type`
        case type(String)
        /// `PUT Type/id`, `DELETE Type/id`
        case resource(ResourceKey)
    }

    let method: Submission.Method
    let target: Target

    /// `nil` for what is not supported or not whole, which is reported.
    init?(of entry: FHIRElement, _ found: inout OperationOutcome) {
        guard let request = entry.element("request", &found) else {
            if entry.members["request"] == nil {
                found.append(
                    .error, .required, at: entry.place(of: "request"),
                    "missing: an entry of a transaction or batch needs a method and a url; a collection needs neither")
            }
            return nil
        }
        guard let name = request.required("method", "POST, PUT or DELETE", &found) else { return nil }
        guard let method = Submission.Method(rawValue: name) else {
            found.append(
                .error, .notSupported, at: request.place(of: "method"),
                "only POST, PUT and DELETE are supported in a bundle: read and search with single requests")
            return nil
        }
        self.method = method
        guard let url = request.required("url", "Type to POST, Type/id to PUT or DELETE", &found),
            let target = Self.target(url, method, at: request.place(of: "url"), &found),
            !Self.isConditional(request, &found)
        else { return nil }
        self.target = target
    }

    private static func target(
        _ url: String, _ method: Submission.Method, at place: Expression, _ found: inout OperationOutcome
    ) -> Target? {
        guard !url.utf8.contains(UInt8(ascii: "?")) else {
            found.append(.error, .notSupported, at: place, "conditional requests are not supported: send Type/id")
            return nil
        }
        switch method {
        case .post:
            if ResourceKey.isType(url) { return .type(url) }
            found.append(.error, .value, at: place, "the url of a POST is the type of the resource")
        case .put, .delete:
            if let key = ResourceKey(reference: url) { return .resource(key) }
            found.append(.error, .value, at: place, "the url of a \(method.rawValue) is Type/id")
        }
        return nil
    }

    /// A condition on a version is refused, because to ignore it could overwrite what its sender wants kept.
    /// `ifNoneExist` is not looked at: what is sent again has the same id, so it does not exist twice.
    private static func isConditional(_ request: FHIRElement, _ found: inout OperationOutcome) -> Bool {
        for name in ["ifMatch", "ifNoneMatch"] where request.members[name] != nil {
            found.append(
                .error, .notSupported, at: request.place(of: name),
                "versions are not compared: send the request without it")
            return true
        }
        if request.members["ifNoneExist"] != nil {
            found.append(
                .warning, .notSupported, at: request.place(of: "ifNoneExist"),
                "not evaluated: the resource is stored under its own id")
        }
        return false
    }
}
