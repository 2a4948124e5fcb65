/// A value in a table of headers or arguments (AMQP 0-9-1 section 4.2.5.5, in RabbitMQ's reading of the type letters).
package indirect enum Field: Sendable, Hashable {
    case bool(Bool)
    /// Every integer type: sent as 64 bits. An unsigned 64-bit value above `Int64.max` arrives as `double`.
    case int(Int64)
    case double(Double)
    case decimal(scale: UInt8, value: UInt32)
    case string(String)
    /// Bytes, or a string that is not UTF-8.
    case bytes([UInt8])
    /// Seconds since 1970.
    case timestamp(UInt64)
    case table([String: Field])
    case array([Field])
    case void

    /// Tables and arrays may be nested this deep. What lies deeper arrives as `void` and is refused when sent.
    package static let depthMax = 16
}

extension Field: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension Field {
    /// The text of a `string`, else nil.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number of an `int`, else nil.
    package var int: Int64? {
        if case .int(let number) = self { number } else { nil }
    }
}
