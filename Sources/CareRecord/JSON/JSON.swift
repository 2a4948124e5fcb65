/// A JSON value (RFC 8259).
///
/// A number keeps its text, because a FHIR decimal's precision matters (`1.50` is not `1.5`); an object keeps the
/// order of its members. Values are equal when texts and orders are.
package enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    /// The text of a number that follows RFC 8259 §6.
    case number(String)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// The value of a member of an object; `nil` where there is none, or where this is not an object.
    package subscript(_ name: String) -> JSON? { object?[name] }

    /// The text of a string; `nil` for anything else.
    package var text: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of an array; `nil` for anything else.
    package var elements: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// `nil` unless this is an object.
    package var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    /// `nil` unless this is `true` or `false`.
    package var bool: Bool? {
        guard case .bool(let bool) = self else { return nil }
        return bool
    }

    /// The value of a number without fraction or exponent that fits; `nil` for anything else.
    package var integer: Int64? {
        guard case .number(let text) = self else { return nil }
        return Int64(text)
    }

    /// What the value is, for an error text: `a string`, `an object` … never the value itself.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSON: CustomStringConvertible {
    /// The kind only: a value may be a patient's, and descriptions end up in logs.
    package var description: String { kind }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .number(String(value)) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member(name: $0.0, value: $0.1) }))
    }
}
