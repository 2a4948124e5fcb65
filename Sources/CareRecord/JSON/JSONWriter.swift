/// Writes JSON by hand into a growing buffer of bytes: for lines and messages whose members are known beforehand.
///
///     var writer = JSONWriter()
///     writer.object {
///         $0.member("seq", change.seq)
///         $0.array("given") { for name in names { $0.element(name) } }
///     }
///
/// Commas and escapes are seen to; that names within an object differ is for the caller to see to.
package struct JSONWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// Forgets what was written and keeps the memory, for the next line.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Ends a line of NDJSON.
    package mutating func newline() {
        bytes.append(0x0A)
    }
}

// MARK: - Members

extension JSONWriter {
    /// Writes nothing for `nil`, as all of these do.
    package mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        self.name(name)
        quoted(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        self.name(name)
        integer(value)
    }

    package mutating func member(_ name: StaticString, _ value: Int?) {
        member(name, value.map(Int64.init))
    }

    package mutating func member(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        self.name(name)
        literal(value ? "true" : "false")
    }

    package mutating func member(_ name: StaticString, _ value: JSON?) {
        guard let value else { return }
        self.name(name)
        write(value)
    }

    /// A member whose value is JSON already, such as the stored body of a resource.
    package mutating func member(_ name: StaticString, raw value: some Collection<UInt8>) {
        self.name(name)
        bytes.append(contentsOf: value)
    }

    package mutating func object(_ name: StaticString, _ members: (inout JSONWriter) throws -> Void) rethrows {
        self.name(name)
        try braced(members)
    }

    package mutating func array(_ name: StaticString, _ elements: (inout JSONWriter) throws -> Void) rethrows {
        self.name(name)
        try bracketed(elements)
    }
}

// MARK: - Elements of an array, or the one value of a text

extension JSONWriter {
    package mutating func element(_ value: String) {
        separate()
        quoted(value)
    }

    package mutating func element(_ value: Int64) {
        separate()
        integer(value)
    }

    package mutating func element(_ value: Int) {
        element(Int64(value))
    }

    package mutating func element(_ value: JSON) {
        separate()
        write(value)
    }

    package mutating func element(raw value: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
    }

    package mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        try braced(members)
    }

    package mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        separate()
        try bracketed(elements)
    }
}

// MARK: - Bytes

extension JSONWriter {
    /// A comma, unless nothing stands before: the last byte tells, because no value ends in one of these.
    private mutating func separate() {
        switch bytes.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), 0x0A: break
        default: bytes.append(UInt8(ascii: ","))
        }
    }

    private mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        literal(name)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func literal(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func braced(_ members: (inout JSONWriter) throws -> Void) rethrows {
        bytes.append(UInt8(ascii: "{"))
        try members(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func bracketed(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        bytes.append(UInt8(ascii: "["))
        try elements(&self)
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func integer(_ value: Int64) {
        bytes.append(contentsOf: String(value).utf8)
    }

    private mutating func write(_ value: JSON) {
        switch value {
        case .null: literal("null")
        case .bool(let value): literal(value ? "true" : "false")
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): quoted(text)
        case .array(let elements):
            bracketed { writer in
                for element in elements { writer.element(element) }
            }
        case .object(let object):
            braced { writer in
                for member in object.members {
                    writer.separate()
                    writer.quoted(member.name)
                    writer.bytes.append(UInt8(ascii: ":"))
                    writer.write(member.value)
                }
            }
        }
    }

    private mutating func quoted(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            bytes.append(UInt8(ascii: "\""))
            var plain = 0
            for (index, byte) in utf8.enumerated() where Self.needsEscape(byte) {
                bytes.append(contentsOf: utf8[plain..<index])
                escape(byte)
                plain = index + 1
            }
            bytes.append(contentsOf: utf8[plain...])
            bytes.append(UInt8(ascii: "\""))
        }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            literal(byte < 0x10 ? "u000" : "u001")
            bytes.append(Self.hexDigits[Int(byte & 0x0F)])
        default: bytes.append(byte)
        }
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
