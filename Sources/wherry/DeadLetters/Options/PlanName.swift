import ArgumentParser

/// A plan's number, `12`, or its name, `12-3f9ab2c4`, which says what is in it as well.
struct PlanName: ExpressibleByArgument, Sendable, Hashable, CustomStringConvertible {
    private static let hashDigits = 1...64

    let description: String

    init?(argument: String) {
        let parts = argument.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let number = Int64(first), number > 0, first.first != "+" else { return nil }
        if parts.count == 2 {
            guard Self.hashDigits.contains(parts[1].count),
                parts[1].allSatisfy({ $0.isASCII && $0.isHexDigit && !$0.isUppercase })
            else { return nil }
        }
        description = argument
    }

    /// Where the worker has it.
    var path: String { "/api/deadletters/plans/\(description)" }
}
