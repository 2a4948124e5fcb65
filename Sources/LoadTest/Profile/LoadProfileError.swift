package import Topology

/// Why a profile could not be read. Its description says what to do.
package struct LoadProfileError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The file is missing, unreadable, too large or not UTF-8.
        case unreadable
        /// What it says is refused: see ``LoadProfileError/mistakes``.
        case invalid
    }

    package let code: Code
    package let reason: String
    /// In the order of the file; empty but for ``Code/invalid``.
    package let mistakes: [Mistake]
    package let cause: (any Error)?

    package init(_ code: Code, _ reason: String, mistakes: [Mistake] = [], cause: (any Error)? = nil) {
        self.code = code
        self.reason = reason
        self.mistakes = mistakes
        self.cause = cause
    }

    /// One line a mistake, or else the reason.
    package var description: String { mistakes.isEmpty ? reason : mistakes.listed }
}
