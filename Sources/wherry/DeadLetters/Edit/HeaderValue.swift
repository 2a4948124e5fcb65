import CareRecord

/// A header on the command line: `NAME=VALUE`.
struct HeaderValue: Hashable {
    let name: String
    private let text: String

    /// `nil` without a name.
    init?(_ argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        name = String(parts[0])
        text = String(parts[1])
    }

    /// A header that is a text stays one. Else a number, true or false is what it looks like, and anything in double
    /// quotes the text within them.
    func json(replacing current: JSON?) -> JSON {
        if case .string? = current { return .string(text) }
        switch try? JSON.parse(Array(text.utf8)) {
        case .number(let number)?: return .number(number)
        case .bool(let bool)?: return .bool(bool)
        case .string(let quoted)?: return .string(quoted)
        case .null?, .array?, .object?, nil: return .string(text)
        }
    }
}
