import CareRecord

/// Texts of a source as FHIR's data types allow them: peers send what they like, and what we send on is valid.
enum FHIRText {
    /// No control characters but those of a line; `nil` for nothing but white space (FHIR R4, data type string).
    static func string(_ text: String?) -> JSON? {
        guard let text else { return nil }
        let scalars = text.unicodeScalars.filter {
            $0.value >= 0x20 && $0.value != 0x7F || "\r\n\t".unicodeScalars.contains($0)
        }
        let kept = String(String.UnicodeScalarView(scalars))
        return kept.allSatisfy(\.isWhitespace) ? nil : .string(kept)
    }

    /// `nil` for white space at an end or twice in a row (FHIR R4, data type code).
    static func code(_ text: String?) -> JSON? {
        guard let text, !text.isEmpty else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        let isCode = words.allSatisfy { !$0.isEmpty && $0.unicodeScalars.allSatisfy(isVisible) }
        return isCode ? .string(text) : nil
    }

    /// `nil` for what has white space (FHIR R4, data type uri).
    static func uri(_ text: String?) -> JSON? {
        guard let text, !text.isEmpty, text.unicodeScalars.allSatisfy(isVisible) else { return nil }
        return .string(text)
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value > 0x20 && scalar.value != 0x7F && !scalar.properties.isWhitespace
    }

    /// Stands where FHIR asks for something that the index does not hold (FHIR R4, extension data-absent-reason).
    static let absent: JSON = [
        "extension": [
            ["url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"]
        ]
    ]

    /// A CodeableConcept; `nil` where nothing is left to say.
    static func concept(_ facts: Facts) -> JSON? {
        var concept = JSONObject()
        if let coding = coding(facts) { concept["coding"] = [coding] }
        concept["text"] = string(facts.display)
        return concept.members.isEmpty ? nil : .object(concept)
    }

    /// A Coding; `nil` without a code.
    static func coding(_ facts: Facts) -> JSON? {
        guard let code = code(facts.code) else { return nil }
        var coding = JSONObject()
        coding["system"] = uri(facts.system)
        coding["code"] = code
        coding["display"] = string(facts.display)
        return .object(coding)
    }
}
