/// The type and logical id of a FHIR resource within one HIE: `Condition/c-17`.
package struct ResourceKey: Sendable, Hashable, Comparable {
    package let type: String
    package let id: String

    /// `nil` unless `type` is a FHIR type name (a capital letter, then letters) of at most 64 letters and `id` is a
    /// FHIR id (1 to 64 letters, digits, `-` or `.`: FHIR R4, data type `id`).
    package init?(type: some StringProtocol, id: some StringProtocol) {
        self.init(type: String(type), id: String(id))
    }

    /// The same, compiled for `String` wherever it is called from.
    package init?(type: String, id: String) {
        guard Self.isType(type), Self.isID(id) else { return nil }
        self.type = type
        self.id = id
    }

    /// Reads `Type/id`; `nil` for anything else.
    package init?(reference: some StringProtocol) {
        let parts = reference.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        self.init(type: parts[0], id: parts[1])
    }

    /// Reads the UTF-8 of `Type/id`; `nil` for anything else.
    package init?(referenceBytes bytes: UnsafeRawBufferPointer) {
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")), (1...64).contains(slash),
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(bytes[0]), (1...64).contains(bytes.count - slash - 1)
        else { return nil }
        for position in 0..<slash where !Self.isLetter(bytes[position]) { return nil }
        for position in slash + 1..<bytes.count where !Self.isIDByte(bytes[position]) { return nil }
        type = String(decoding: bytes[..<slash], as: UTF8.self)
        id = String(decoding: bytes[(slash + 1)...], as: UTF8.self)
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
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isIDByte)
    }

    private static func isIDByte(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
