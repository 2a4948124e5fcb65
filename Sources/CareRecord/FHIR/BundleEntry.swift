/// One entry of a bundle, as far as it can be read by itself.
struct BundleEntry {
    let index: Int
    let place: Expression
    private(set) var fullUrl: String?
    private(set) var method = Submission.Method.put
    /// `nil` where the entry cannot be used, which `found` tells.
    private(set) var key: ResourceKey?
    /// What to put; `nil` for a deletion.
    private(set) var resource: JSONObject?
    var found = OperationOutcome()

    init(_ value: JSON, index: Int, kind: Submission.Kind) {
        self.index = index
        place = .element(.member(.root("Bundle"), "entry"), index)
        guard case .object(let members) = value else {
            found.append(.error, .structure, at: place, "expected an object, found \(value.kind)")
            return
        }
        let entry = FHIRElement(members: members, place: place)
        fullUrl = entry.text("fullUrl", &found)
        switch kind {
        case .transaction, .batch:
            guard let request = EntryRequest(of: entry, &found) else { return }
            method = request.method
            read(entry, request.target)
        case .collection, .single: read(entry, nil)
        }
    }

    private mutating func read(_ entry: FHIRElement, _ target: EntryRequest.Target?) {
        if method == .delete, case .resource(let key) = target {
            self.key = key
            return
        }
        guard let element = entry.element("resource", &found) else {
            if entry.members["resource"] == nil {
                found.append(.error, .required, at: entry.place(of: "resource"), "missing: send what is to be stored")
            }
            return
        }
        guard let header = ResourceHeader(of: element, &found), agrees(header, with: target, element) else { return }
        resource = element.members
        switch target {
        case .resource(let key): self.key = key
        case .type, nil: key = header.key(of: element, fallback: fullUrl.flatMap { Self.id(in: $0, header.type) })
        }
    }

    private mutating func agrees(
        _ header: ResourceHeader, with target: EntryRequest.Target?, _ resource: FHIRElement
    ) -> Bool {
        let (type, id): (String?, String?) =
            switch target {
            case .type(let type): (type, nil)
            case .resource(let key): (key.type, key.id)
            case nil: (nil, nil)
            }
        return header.agrees(type: type, id: id, with: "request.url", resource, &found)
    }

    /// The id that a `fullUrl` gives a resource of this type: a UUID, or the last part of an address.
    private static func id(in fullUrl: String, _ type: String) -> String? {
        let uuid = "urn:uuid:"
        if fullUrl.hasPrefix(uuid) {
            let id = fullUrl.dropFirst(uuid.count)
            return ResourceKey.isID(id) ? String(id) : nil
        }
        let parts = fullUrl.split(separator: "/").suffix(2)
        guard parts.count == 2, parts.first.map({ $0 == type }) ?? false, let id = parts.last, ResourceKey.isID(id)
        else { return nil }
        return String(id)
    }
}

extension ResourceHeader {
    /// Whether type and id are those asked for, `nil` for any; reports what is not. `other` is where they are named.
    func agrees(
        type: String?, id: String?, with other: String, _ resource: FHIRElement, _ found: inout OperationOutcome
    ) -> Bool {
        if let type, type != self.type {
            found.append(.error, .invalid, at: resource.place(of: "resourceType"), "not the type that \(other) names")
            return false
        }
        if let id, let own = self.id, own != id {
            found.append(.error, .invalid, at: resource.place(of: "id"), "not the id that \(other) names")
            return false
        }
        return true
    }
}
