/// An object within a resource, and where it stands.
///
/// Every reading looks at the JSON type: what has the wrong one is reported and read as absent.
struct FHIRElement {
    let members: JSONObject
    let place: Expression

    func place(of name: String) -> Expression { .member(place, name) }

    func text(_ name: String, _ found: inout OperationOutcome) -> String? {
        guard let value = members[name] else { return nil }
        guard case .string(let text) = value else {
            wrongType(value, expected: "a string", at: place(of: name), &found)
            return nil
        }
        return text
    }

    func bool(_ name: String, _ found: inout OperationOutcome) -> Bool? {
        guard let value = members[name] else { return nil }
        guard case .bool(let bool) = value else {
            wrongType(value, expected: "true or false", at: place(of: name), &found)
            return nil
        }
        return bool
    }

    /// The strings of an array. A `null` stands for a value that only an extension describes (FHIR R4, JSON).
    func texts(_ name: String, _ found: inout OperationOutcome) -> [String] {
        var texts: [String] = []
        for (index, value) in array(name, &found).enumerated() {
            switch value {
            case .string(let text): texts.append(text)
            case .null: break
            default: wrongType(value, expected: "a string", at: .element(place(of: name), index), &found)
            }
        }
        return texts
    }

    func element(_ name: String, _ found: inout OperationOutcome) -> FHIRElement? {
        guard let value = members[name] else { return nil }
        guard case .object(let members) = value else {
            wrongType(value, expected: "an object", at: place(of: name), &found)
            return nil
        }
        return FHIRElement(members: members, place: place(of: name))
    }

    func elements(_ name: String, _ found: inout OperationOutcome) -> [FHIRElement] {
        var elements: [FHIRElement] = []
        for (index, value) in array(name, &found).enumerated() {
            let place = Expression.element(place(of: name), index)
            if case .object(let members) = value {
                elements.append(FHIRElement(members: members, place: place))
            } else {
                wrongType(value, expected: "an object", at: place, &found)
            }
        }
        return elements
    }

    private func array(_ name: String, _ found: inout OperationOutcome) -> [JSON] {
        guard let value = members[name] else { return [] }
        guard case .array(let elements) = value else {
            wrongType(value, expected: "an array", at: place(of: name), &found)
            return []
        }
        return elements
    }

    private func wrongType(
        _ value: JSON, expected: String, at place: Expression, _ found: inout OperationOutcome
    ) {
        found.append(.error, .structure, at: place, "expected \(expected), found \(value.kind)")
    }
}

// MARK: - FHIR data types

extension FHIRElement {
    /// A code, a uri or another short text that is of no use when cut.
    func code(_ name: String, _ found: inout OperationOutcome) -> String? {
        guard let text = text(name, &found) else { return nil }
        guard text.utf8.count <= FHIRLimits.codeBytesMax else {
            found.append(
                .error, .tooLong, at: place(of: name), "longer than the \(FHIRLimits.codeBytesMax) bytes of a code")
            return nil
        }
        return text.isEmpty ? nil : text
    }

    /// A text for people to read, cut where it is too long for the index.
    func display(_ name: String, _ found: inout OperationOutcome) -> String? {
        text(name, &found).flatMap(Self.bounded)
    }

    /// A date, dateTime or instant.
    func date(_ name: String, _ found: inout OperationOutcome) -> String? {
        guard let text = text(name, &found) else { return nil }
        guard FHIRDate(text) != nil else {
            found.append(
                .error, .value, at: place(of: name),
                "not a FHIR date or time that exists: send 2024, 2024-02, 2024-02-29 or 2024-02-29T09:30:00+00:00")
            return nil
        }
        return text
    }

    /// A date without a time of day.
    func day(_ name: String, _ found: inout OperationOutcome) -> String? {
        guard let text = date(name, &found) else { return nil }
        guard case .day = FHIRDate(text) else {
            found.append(.error, .value, at: place(of: name), "a date has no time of day: send 2024-02-29")
            return nil
        }
        return text
    }

    /// As much of a text as the index keeps, whole characters only; `nil` for nothing.
    static func bounded(_ text: String) -> String? {
        if text.utf8.count <= FHIRLimits.displayCharactersMax { return text.isEmpty ? nil : text }
        var kept = ""
        var bytes = 0
        for character in text.prefix(FHIRLimits.displayCharactersMax) {
            bytes += character.utf8.count
            guard bytes <= FHIRLimits.displayBytesMax else { break }
            kept.append(character)
        }
        return kept.isEmpty ? nil : kept
    }
}
