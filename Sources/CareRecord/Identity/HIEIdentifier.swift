/// The identity of a health information exchange, such as `barts` or `st-georges`.
///
/// It is part of queue names and routing keys, so it is a lowercase letter followed by up to 39 lowercase letters,
/// digits or hyphens.
package struct HIEIdentifier: Sendable, Hashable, Comparable {
    package static let lengthMaxCharacters = 40

    package let text: String

    /// `nil` unless `text` has the form above.
    package init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard let first = bytes.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
            bytes.count <= Self.lengthMaxCharacters, bytes.allSatisfy(Self.isAllowed)
        else { return nil }
        self.text = String(text)
    }

    package static func < (left: HIEIdentifier, right: HIEIdentifier) -> Bool { left.text < right.text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

extension HIEIdentifier: CustomStringConvertible {
    package var description: String { text }
}
