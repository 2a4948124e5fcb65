/// The type and logical id of a FHIR resource within one HIE: `Condition/c-17`.
package struct ResourceKey: Sendable, Hashable, Comparable {
    package let type: String
    package let id: String

    /// `nil` unless `type` is a FHIR type name (a capital letter, then letters) of at most 64 letters and `id` is a
    /// FHIR id (1 to 64 letters, digits, `-` or `.`: FHIR R4, data type `id`).
    package init?(type: some StringProtocol, id: some StringProtocol) {
        guard Self.isType(type), Self.isID(id) else { return nil }
        self.type = String(type)
        self.id = String(id)
    }

    /// Reads `Type/id`; `nil` for anything else.
    package init?(reference: some StringProtocol) {
        let parts = reference.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(type: parts[0], id: parts[1])
    }

    /// `Type/id`.
    package var reference: String { "\(type)/\(id)" }

    package static func < (left: ResourceKey, right: ResourceKey) -> Bool {
        (left.type, left.id) < (right.type, right.id)
    }

    package static func isType(_ text: some StringProtocol) -> Bool {
        guard let first = text.utf8.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else { return false }
        return text.utf8.count <= 64 && text.utf8.allSatisfy(isLetter)
    }

    package static func isID(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
            }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
