/// Why a topology could not be read, planned or applied. Its description says what to do and holds no secret.
package struct TopologyError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The file is missing, unreadable, too large or not UTF-8.
        case unreadable
        /// The file's contents are refused: see ``TopologyError/mistakes``.
        case invalid
        /// A broker address or credential given to the command cannot be used.
        case invalidAddress
        /// No node of a broker answered over AMQP.
        case brokerUnreachable
        /// The broker refused a declaration.
        case declarationRefused
        /// An account is left as it is.
        case accountRefused
        /// The management API did not answer, or not with what was asked for.
        case managementUnavailable
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
    package var description: String {
        mistakes.isEmpty ? reason : mistakes.listed
    }
}

/// One thing wrong in a file, where it is, and what to write instead.
package struct Mistake: Sendable, Hashable, CustomStringConvertible {
    package let file: String
    /// From 1.
    package let line: Int
    /// From 1, in Unicode scalars.
    package let column: Int
    package let message: String

    package init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// The form that editors and terminals make a link of.
    package var description: String { "\(file):\(line):\(column): \(message)" }
}

extension [Mistake] {
    /// In the order of the file, whatever order they were found in.
    package var inOrder: [Mistake] { sorted { ($0.line, $0.column) < ($1.line, $1.column) } }

    /// One a line.
    package var listed: String {
        let more = count < NodeReader.mistakesMax ? [] : ["more mistakes may follow: correct these first"]
        return (map(\.description) + more).joined(separator: "\n")
    }
}
