import CareRecord

/// A parameter that a search understands: what the CapabilityStatement says of it, and what is accepted.
struct SearchParameter: Sendable {
    /// FHIR R4, value set search-param-type; those that Wherry uses.
    enum Kind: String, Sendable {
        case number, date, string, token, reference, special
    }

    let name: String
    let kind: Kind
    /// Such as `exact`.
    var modifiers: Set<String> = []
    let documentation: String
    /// How often it may be given; each time narrows the search.
    var timesMax = 1
}

extension SearchParameter {
    /// Understood wherever something is read.
    static let format = SearchParameter(
        name: "_format", kind: .special, documentation: "`json` and its media types; there is nothing else.")
    static let pretty = SearchParameter(
        name: "_pretty", kind: .special, documentation: "Accepted, and changes nothing.")
    static let count = SearchParameter(
        name: "_count", kind: .number,
        documentation: "Entries on a page, 1 to \(Page.countMax); \(Page.countDefault) without it.")
    /// Part of links only.
    static let page = SearchParameter(
        name: "_page", kind: .special, documentation: "Where a page begins; only as the link `next` has it.")
}

/// Which part of what is found is answered.
struct Page: Sendable {
    static let countDefault = 100
    static let countMax = 1000

    let count: Int
    /// After which the page begins; `nil` for the first page.
    let token: PageToken?
}

/// The place at which a page begins: the last entry of the page before. Whatever comes and goes meanwhile, nothing that
/// stays is skipped or comes twice.
struct PageToken: Sendable, Hashable {
    private static let bytesMax = 512
    private static let separator: Character = "\u{1F}"

    let fields: [String]

    init(_ fields: [String]) { self.fields = fields }

    /// `nil` for what no link had.
    init?(_ text: String) {
        guard let bytes = [UInt8](hexadecimal: text), bytes.count <= Self.bytesMax,
            let joined = String(validating: bytes, as: UTF8.self)
        else { return nil }
        fields = joined.split(separator: Self.separator, omittingEmptySubsequences: false).map(String.init)
    }

    var text: String { fields.joined(separator: String(Self.separator)).utf8.hexadecimal }
}

extension [UInt8] {
    /// `nil` unless `text` is pairs of hexadecimal digits.
    fileprivate init?(hexadecimal text: String) {
        let digits = Array<UInt8>(text.utf8)
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else {
            return nil
        }
        self = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
        }
    }
}
