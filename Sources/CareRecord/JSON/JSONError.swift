/// Why bytes are not JSON, and where. Safe to log: it never quotes the input.
package struct JSONError: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        /// The grammar asks for something else here: what it asks for.
        case expected(String)
        /// The input ends within a value.
        case truncated
        /// Something other than white space follows the value.
        case trailingBytes
        /// Arrays and objects are nested deeper than the limit.
        case tooDeep(limit: Int)
        /// A string is not UTF-8; the place is where the string begins.
        case invalidUTF8
        /// A `\u` escape is half of a surrogate pair.
        case loneSurrogate
        /// A character below U+0020 stands unescaped in a string.
        case controlCharacter
        /// An object has two members of the same name (FHIR R4, JSON representation: names are unique).
        case duplicateName
    }

    package let reason: Reason
    /// From 1.
    package let line: Int
    /// In bytes, from 1.
    package let column: Int
}

extension JSONError: CustomStringConvertible {
    package var description: String { "line \(line), column \(column): \(explanation)" }

    private var explanation: String {
        switch reason {
        case .expected(let what): "expected \(what)"
        case .truncated: "the input ends too early"
        case .trailingBytes: "only one JSON value may be sent, but more follows it"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .invalidUTF8: "a string that is not valid UTF-8"
        case .loneSurrogate: "a \\u escape that is half of a surrogate pair"
        case .controlCharacter: "an unescaped control character in a string"
        case .duplicateName: "a member name that this object has already"
        }
    }
}

/// What a JSON text may cost. The number of its bytes is for the caller to bound.
package struct JSONLimits: Sendable, Hashable {
    /// Levels of arrays and objects within each other; at most `depthCeiling`, since every level takes stack.
    package let depthMax: Int

    package static let depthCeiling = 256

    package init(depthMax: Int = 64) {
        self.depthMax = min(depthMax, Self.depthCeiling)
    }
}
