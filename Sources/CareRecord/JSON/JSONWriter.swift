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
    /// What was written, and room for what comes: so that each piece is written through a pointer, at once.
    private var memory: [UInt8]
    /// Bytes that were written.
    package private(set) var count = 0

    package init(capacity: Int = 0) {
        memory = Array(repeating: 0, count: capacity)
    }

    /// A copy of what was written.
    package var bytes: [UInt8] { Array(memory.prefix(count)) }

    package func withBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try memory.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
    }

    /// Forgets what was written and keeps the memory, for the next line.
    package mutating func removeAll() {
        count = 0
    }

    /// Ends a line of NDJSON.
    package mutating func newline() {
        byte(0x0A)
    }
}

// MARK: - Members

extension JSONWriter {
    /// Writes nothing for `nil`, as all of these do.
    package mutating func member(_ name: StaticString, _ value: String?) {
        guard var value else { return }
        value.withUTF8 { utf8 in
            let utf8 = UnsafeRawBufferPointer(utf8)
            let isPlain = Self.isPlain(utf8)
            member(name, Self.quotedMax(utf8, isPlain: isPlain)) { Self.quote(utf8, isPlain: isPlain, $0) }
        }
    }

    /// A text as UTF-8, such as a database has it. What is not sound is replaced, as `String` does.
    package mutating func member(_ name: StaticString, utf8 value: UnsafeRawBufferPointer?) {
        guard let value else { return }
        guard Self.isPlain(value) else { return member(name, String(decoding: value, as: UTF8.self)) }
        member(name, value.count + 2) { Self.quote(value, isPlain: true, $0) }
    }

    /// `first/second`, both as UTF-8.
    package mutating func member(
        _ name: StaticString, utf8 first: UnsafeRawBufferPointer, slash second: UnsafeRawBufferPointer
    ) {
        guard Self.isPlain(first), Self.isPlain(second) else {
            return member(name, String(decoding: first, as: UTF8.self) + "/" + String(decoding: second, as: UTF8.self))
        }
        member(name, first.count + second.count + 3) { room in
            let middle = Self.quote(first, isPlain: true, room) - 1
            let end = Self.quote(second, isPlain: true, UnsafeMutableBufferPointer(rebasing: room[middle...]))
            room[middle] = UInt8(ascii: "/")
            return middle + end
        }
    }

    package mutating func member(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        member(name, Self.digitsMax) { Self.digits(of: value, $0) }
    }

    /// Writes null for `nil`.
    package mutating func member(_ name: StaticString, orNull value: String?) {
        if let value { member(name, value) } else { member(name, JSON.null) }
    }

    /// Writes null for `nil`.
    package mutating func member(_ name: StaticString, orNull value: Int64?) {
        if let value { member(name, value) } else { member(name, JSON.null) }
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
        raw(value)
    }

    /// A member whose value another writer has written.
    package mutating func member(_ name: StaticString, raw value: JSONWriter) {
        self.name(name)
        value.withBytes { raw($0) }
    }

    /// The members of an object that is JSON already.
    package mutating func members(raw object: UnsafeRawBufferPointer) {
        guard object.count > 2 else { return }
        separate()
        raw(UnsafeRawBufferPointer(rebasing: object[1..<object.count - 1]))
    }

    package mutating func object(_ name: StaticString, _ members: (inout JSONWriter) throws -> Void) rethrows {
        self.name(name)
        try braced(members)
    }

    package mutating func array(_ name: StaticString, _ elements: (inout JSONWriter) throws -> Void) rethrows {
        self.name(name)
        try bracketed(elements)
    }

    /// Opens an object that the caller closes with ``endObject()``. Returns where it begins among the bytes.
    package mutating func beginObject() -> Int {
        separate()
        byte(UInt8(ascii: "{"))
        return count - 1
    }

    package mutating func endObject() {
        byte(UInt8(ascii: "}"))
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
        raw(value)
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
    /// Makes room for so many bytes and lets `write` put some of them; it returns how many.
    @inline(__always)
    private mutating func put(_ most: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        if memory.count - count < most { grow(most) }
        let start = count
        count += memory.withUnsafeMutableBufferPointer { memory in
            write(UnsafeMutableBufferPointer(rebasing: memory[start...]))
        }
    }

    private mutating func grow(_ most: Int) {
        let size = max(64, 2 * memory.count, count + most)
        memory.append(contentsOf: repeatElement(0, count: size - memory.count))
    }

    private mutating func byte(_ byte: UInt8) {
        put(1) { room in
            room[0] = byte
            return 1
        }
    }

    private mutating func raw(_ bytes: some Collection<UInt8>) {
        put(bytes.count) { $0.update(fromContentsOf: bytes) }
    }

    private mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        put(bytes.count) { room in
            UnsafeMutableRawBufferPointer(room).copyMemory(from: bytes)
            return bytes.count
        }
    }

    /// A comma, unless nothing stands before: the last byte tells, because no value ends in one of these.
    private mutating func separate() {
        if needsComma { byte(UInt8(ascii: ",")) }
    }

    private var needsComma: Bool {
        guard count > 0 else { return false }
        return switch memory[count - 1] {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), 0x0A: false
        default: true
        }
    }

    private mutating func name(_ name: StaticString) {
        member(name, 0) { _ in 0 }
    }

    /// The name, and of the value what `write` puts behind it: so many bytes at most, and it returns how many.
    @inline(__always)
    private mutating func member(
        _ name: StaticString, _ most: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int
    ) {
        let isNext = needsComma
        let bytes = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        put(bytes.count + 4 + most) { room in
            room[0] = UInt8(ascii: ",")
            var place = isNext ? 1 : 0
            place += Self.quote(bytes, isPlain: true, UnsafeMutableBufferPointer(rebasing: room[place...]))
            room[place] = UInt8(ascii: ":")
            return place + 1 + write(UnsafeMutableBufferPointer(rebasing: room[(place + 1)...]))
        }
    }

    private mutating func literal(_ text: StaticString) {
        raw(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func braced(_ members: (inout JSONWriter) throws -> Void) rethrows {
        byte(UInt8(ascii: "{"))
        try members(&self)
        byte(UInt8(ascii: "}"))
    }

    private mutating func bracketed(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        byte(UInt8(ascii: "["))
        try elements(&self)
        byte(UInt8(ascii: "]"))
    }

    private mutating func integer(_ value: Int64) {
        put(Self.digitsMax) { Self.digits(of: value, $0) }
    }

    private mutating func write(_ value: JSON) {
        switch value {
        case .null: literal("null")
        case .bool(let value): literal(value ? "true" : "false")
        case .number(let text): raw(text.utf8)
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
                    writer.byte(UInt8(ascii: ":"))
                    writer.write(member.value)
                }
            }
        }
    }

    private mutating func quoted(_ text: String) {
        var text = text
        text.withUTF8 { utf8 in
            let utf8 = UnsafeRawBufferPointer(utf8)
            let isPlain = Self.isPlain(utf8)
            put(Self.quotedMax(utf8, isPlain: isPlain)) { Self.quote(utf8, isPlain: isPlain, $0) }
        }
    }
}
