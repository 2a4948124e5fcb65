/// The name of a read replica within its HIE, such as `a` or `ward-7`.
///
/// It is part of queue names, so it is a lowercase letter followed by up to 19 lowercase letters, digits or hyphens.
package struct ReplicaName: Sendable, Hashable {
    package static let lengthMaxCharacters = 20

    package let text: String

    /// `nil` unless `text` has the form above.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count <= Self.lengthMaxCharacters, let name = HIEIdentifier(text) else { return nil }
        self.text = name.text
    }
}

extension ReplicaName: CustomStringConvertible {
    package var description: String { text }
}
