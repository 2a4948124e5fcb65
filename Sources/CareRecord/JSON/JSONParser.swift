extension JSON {
    /// Reads one JSON value: strictly RFC 8259, except that a byte order mark before it is skipped.
    package static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> JSON {
        var parser = JSONParser(bytes: bytes, depthMax: limits.depthMax)
        return try parser.document()
    }

    package static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSON {
        try parse(bytes[...], limits: limits)
    }

    package static func parse(
        _ bytes: ArraySlice<UInt8>, limits: JSONLimits = JSONLimits()
    ) throws(JSONError) -> JSON {
        try bytes.withUnsafeBufferPointer { bytes throws(JSONError) in try parse(bytes, limits: limits) }
    }
}

/// A recursive descent over UTF-8 bytes: one pass, linear time, bounded depth.
private struct JSONParser {
    /// Up to this many members a new name is compared with each; beyond it they are looked up in a set.
    private static let namesComparedMax = 16

    let bytes: UnsafeBufferPointer<UInt8>
    let depthMax: Int
    /// The offset of the next byte to read.
    private var position = 0
    /// Where strings with escapes are put together.
    private var scratch: [UInt8] = []

    init(bytes: UnsafeBufferPointer<UInt8>, depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    mutating func document() throws(JSONError) -> JSON {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure(.trailingBytes, at: position) }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        skipSpace()
        guard let byte = next else { throw failure(.truncated, at: position) }
        switch byte {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= depthMax else { throw failure(.tooDeep(limit: depthMax), at: position) }
        position += 1
        var members: [JSONObject.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return JSONObject() }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw unexpected("a member name in double quotes") }
            let start = position
            let name = try string()
            guard Self.isNew(name, among: members, names: &names) else { throw failure(.duplicateName, at: start) }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw unexpected("a colon") }
            members.append(JSONObject.Member(name: name, value: try value(depth: depth)))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw unexpected("a comma or a closing brace") }
            return JSONObject(members)
        }
    }

    private static func isNew(
        _ name: String, among members: [JSONObject.Member], names: inout Set<String>
    ) -> Bool {
        guard members.count >= namesComparedMax else { return !members.contains { $0.name == name } }
        if names.isEmpty { names = Set(members.map(\.name)) }
        return names.insert(name).inserted
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSON] {
        guard depth <= depthMax else { throw failure(.tooDeep(limit: depthMax), at: position) }
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return [] }
        var elements: [JSON] = []
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw unexpected("a comma or a closing bracket") }
            return elements
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        for offset in 0..<text.utf8CodeUnitCount {
            guard next == text.utf8Start[offset] else { throw unexpected("true, false or null") }
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSONError) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// One or more digits.
    private mutating func digits() throws(JSONError) {
        let start = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        guard position > start else { throw unexpected("a digit") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

// MARK: - Strings

extension JSONParser {
    private mutating func string() throws(JSONError) -> String {
        let quote = position
        position += 1
        let start = position
        let isASCII = skipPlain()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            return try escapedString(openedAt: quote, from: start)
        }
        defer { position += 1 }
        let plain = UnsafeBufferPointer(rebasing: bytes[start..<position])
        return isASCII ? String(decoding: plain, as: UTF8.self) : try text(of: plain, openedAt: quote)
    }

    /// The rest of a string whose plain beginning `start ..< position` is followed by something else than its end.
    private mutating func escapedString(openedAt quote: Int, from start: Int) throws(JSONError) -> String {
        scratch.removeAll(keepingCapacity: true)
        var plain = start
        while true {
            scratch.append(contentsOf: bytes[plain..<position])
            switch next {
            case UInt8(ascii: "\\"):
                position += 1
                try escape()
            case UInt8(ascii: "\""):
                position += 1
                return try scratch.withUnsafeBufferPointer { bytes throws(JSONError) in
                    try text(of: bytes, openedAt: quote)
                }
            case nil: throw failure(.truncated, at: position)
            default: throw failure(.controlCharacter, at: position)
            }
            plain = position
            _ = skipPlain()
        }
    }

    /// Moves to the next quote, backslash or control character; tells whether all on the way was ASCII, which needs
    /// no checking.
    private mutating func skipPlain() -> Bool {
        var seen: UInt8 = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            seen |= byte
            position += 1
        }
        return seen < 0x80
    }

    private func text(of bytes: UnsafeBufferPointer<UInt8>, openedAt quote: Int) throws(JSONError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure(.invalidUTF8, at: quote) }
        return text
    }

    /// What follows a backslash.
    private mutating func escape() throws(JSONError) {
        let byte: UInt8
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): byte = bytes[position]
        case UInt8(ascii: "b"): byte = 0x08
        case UInt8(ascii: "f"): byte = 0x0C
        case UInt8(ascii: "n"): byte = 0x0A
        case UInt8(ascii: "r"): byte = 0x0D
        case UInt8(ascii: "t"): byte = 0x09
        case UInt8(ascii: "u"):
            position += 1
            return try unicodeEscape()
        default: throw unexpected("one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u")
        }
        position += 1
        scratch.append(byte)
    }

    /// The four digits after `\u`, and the second half of a surrogate pair (RFC 8259 §7).
    private mutating func unicodeEscape() throws(JSONError) {
        let start = position - 2
        let first = try fourHexDigits()
        guard (0xD800...0xDFFF).contains(first) else { return append(first, at: start) }
        guard first < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw failure(.loneSurrogate, at: start)
        }
        let second = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(second) else { throw failure(.loneSurrogate, at: start) }
        append(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00), at: start)
    }

    private mutating func append(_ value: UInt32, at start: Int) {
        guard let scalar = Unicode.Scalar(value) else {
            preconditionFailure("surrogates are paired before, so this is a scalar")
        }
        scratch.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)  // every scalar has an encoding
    }

    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Self.hexValue(byte) else { throw unexpected("four hexadecimal digits") }
            value = value << 4 | digit
            position += 1
        }
        return value
    }

    private static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

// MARK: - Bytes

extension JSONParser {
    /// The next byte; `nil` at the end.
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Moves past the next byte if it is this one.
    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private func unexpected(_ expected: String) -> JSONError {
        failure(position < bytes.count ? .expected(expected) : .truncated, at: position)
    }

    private func failure(_ reason: JSONError.Reason, at offset: Int) -> JSONError {
        let before = bytes[..<offset]
        let line = before.count { $0 == 0x0A } + 1
        let lineStart = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return JSONError(reason: reason, line: line, column: offset - lineStart + 1)
    }
}
