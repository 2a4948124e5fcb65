extension Submission {
    /// Reads a Bundle of type transaction, batch or collection, or a resource on its own.
    /// It never fails: what cannot be read is a submission that `isRefused` and says why.
    package static func read(_ bytes: [UInt8], limits: FHIRLimits = FHIRLimits()) -> Submission {
        read(bytes, limits) { members in
            if members["resourceType"]?.text == "Bundle" { return BundleReader.read(members, limits) }
            return Submission(kind: .single, items: [Item(resource: members)], issues: [])
        }
    }

    /// Reads the resource of `PUT /fhir/{type}/{id}`: its type must be that of `key`, and its id too if it has one.
    package static func read(
        _ bytes: [UInt8], expecting key: ResourceKey, limits: FHIRLimits = FHIRLimits()
    ) -> Submission {
        read(bytes, limits) { members in
            Submission(kind: .single, items: [Item(resource: members, expecting: key)], issues: [])
        }
    }

    private static func read(
        _ bytes: [UInt8], _ limits: FHIRLimits, _ submission: (JSONObject) -> Submission
    ) -> Submission {
        do throws(OperationOutcome) {
            return submission(try JSON.resource(bytes, limits))
        } catch {
            return Submission(refused: error)
        }
    }

    init(refused found: OperationOutcome) {
        self.init(kind: .single, items: [], issues: found.issues)
    }
}

extension Submission.Item {
    /// A resource on its own, or on a line of its own.
    init(resource members: JSONObject, index: Int = 0, expecting expected: ResourceKey? = nil) {
        var found = OperationOutcome()
        let element = FHIRElement(members: members, place: .root(Self.root(of: members)))
        guard let header = ResourceHeader(of: element, &found),
            header.agrees(type: expected?.type, id: expected?.id, with: "the address", element, &found)
        else {
            self.init(index: index, operation: nil, found)
            return
        }
        var members = members
        ReferenceResolver(unknown: .warning).resolve(&members, at: element.place, &found)
        let key = expected ?? header.key(of: element)
        let resource = Resource(members, key: key, at: element.place, &found)
        self.init(index: index, operation: resource.map(Submission.Operation.put), found)
    }

    /// The type, with which FHIRPath to a place within it begins; what is no type is not repeated.
    private static func root(of members: JSONObject) -> String {
        members["resourceType"]?.text.flatMap { ResourceKey.isType($0) ? $0 : nil } ?? "Resource"
    }
}
