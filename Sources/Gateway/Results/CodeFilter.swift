import CareRecord

/// Codes that are looked for, such as `271649006,http://loinc.org|8480-6`: each with or without its system.
package struct CodeFilter: Sendable, Hashable {
    package struct Invalid: Error, Sendable, Hashable {
        package let reason: String
    }

    /// Whether an entry has one of the codes.
    enum Finding: Sendable, Hashable {
        case match
        case other
        /// It has no code, or one of no system where a system is asked for.
        case unknown
    }

    private struct Code: Sendable, Hashable {
        /// `nil` for any.
        let system: String?
        let code: String
    }

    package static let codesMax = 50
    private static let codeBytesMax = 256

    private let codes: [Code]

    /// Reads codes that are joined by commas.
    package init(_ text: some StringProtocol) throws(Invalid) {
        var codes: [Code] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            codes.append(try Self.code(String(part.filter { $0 != " " })))
        }
        guard codes.count <= Self.codesMax else { throw Invalid(reason: "at most \(Self.codesMax) codes at once") }
        self.codes = codes
    }

    /// As they were written.
    var texts: [String] { codes.map { code in (code.system.map { "\($0)|" } ?? "") + code.code } }

    func find(_ facts: Facts) -> Finding {
        guard let code = facts.code else { return .unknown }
        let alike = codes.filter { $0.code == code }
        if alike.contains(where: { $0.system == nil || $0.system == facts.system }) { return .match }
        return alike.isEmpty || facts.system != nil ? .other : .unknown
    }

    private static func code(_ text: String) throws(Invalid) -> Code {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }), text.utf8.count <= codeBytesMax,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw Invalid(
                reason: "a code is such as 271649006, 8480-6 or http://loinc.org|8480-6, several joined by commas")
        }
        return Code(system: parts.count == 2 ? String(parts[0]) : nil, code: String(parts[parts.count - 1]))
    }
}
