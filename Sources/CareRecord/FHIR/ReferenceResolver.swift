/// Writes `Type/id` for the references within a resource that name another entry of its bundle by `fullUrl`
/// (FHIR R4, Bundle, resolving references in bundles).
struct ReferenceResolver {
    /// What to write for each `fullUrl`.
    var targets: [String: String] = [:]
    /// How bad it is when a `urn:` names nothing in the bundle: nobody could ever resolve it.
    let unknown: OperationOutcome.Issue.Severity

    func resolve(_ resource: inout JSONObject, at place: Expression, _ found: inout OperationOutcome) {
        var walk = Walk(resolver: self, root: place, found: found)
        walk.object(&resource)
        found = walk.found
    }

    private struct Walk {
        enum Step {
            case member(String)
            case element(Int)
        }

        let resolver: ReferenceResolver
        let root: Expression
        var found: OperationOutcome
        /// The way from the root to here.
        var steps: [Step] = []

        mutating func object(_ object: inout JSONObject) {
            for index in object.members.indices {
                let name = object.members[index].name
                steps.append(.member(name))
                if name == "reference", case .string(let text) = object.members[index].value {
                    if let resolved = reference(text) { object.members[index].value = .string(resolved) }
                } else {
                    value(&object.members[index].value)
                }
                steps.removeLast()
            }
        }

        private mutating func value(_ json: inout JSON) {
            switch json {
            case .object(var members):
                json = .null  // so that the members are held once and change in place
                object(&members)
                json = .object(members)
            case .array(var elements):
                json = .null
                for index in elements.indices {
                    steps.append(.element(index))
                    value(&elements[index])
                    steps.removeLast()
                }
                json = .array(elements)
            case .null, .bool, .number, .string: break
            }
        }

        private mutating func reference(_ text: String) -> String? {
            if let target = resolver.targets[text] { return target }
            if text.utf8.starts(with: "urn:".utf8) {
                found.append(
                    resolver.unknown, .notFound, at: place,
                    "no entry of the bundle has this fullUrl: send the resource along, or refer to it as Type/id")
            }
            return nil
        }

        private var place: Expression {
            steps.reduce(root) { place, step in
                switch step {
                case .member(let name): .member(place, name)
                case .element(let index): .element(place, index)
                }
            }
        }
    }
}
