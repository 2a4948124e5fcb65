/// Walks over the bytes of JSON that a worker wrote, without making values of them: an answer is judged thousands of
/// times a second. What is no JSON ends the walk early, and is never a trap.
struct JSONScan {
    let bytes: UnsafeRawBufferPointer
    private(set) var position: Int

    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// Calls with the places of name and value of each member of the object here; the name and a string without their
    /// quotes. `false` where there is no whole object.
    mutating func members(_ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void) -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        if take(UInt8(ascii: "}")) { return true }
        repeat {
            guard let name = string(), take(UInt8(ascii: ":")), let value = value() else { return false }
            body(name, value)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}"))
    }

    /// Calls with a scan at each object of the array here. `false` where there is no whole array of objects.
    mutating func objects(_ body: (inout JSONScan) -> Bool) -> Bool {
        guard take(UInt8(ascii: "[")) else { return false }
        if take(UInt8(ascii: "]")) { return true }
        repeat {
            guard body(&self) else { return false }
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "]"))
    }

    /// The place of the value here, of a string without its quotes.
    private mutating func value() -> Range<Int>? {
        skipSpace()
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "{"), UInt8(ascii: "["): return nested()
        default:
            let start = position
            while position < bytes.count, !Self.endsScalar(bytes[position]) { position += 1 }
            return start < position ? start..<position : nil
        }
    }

    private mutating func nested() -> Range<Int>? {
        let start = position
        var depth = 0
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                guard string() != nil else { return nil }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            position += 1
            if depth == 0 { return start..<position }
        }
        return nil
    }

    private mutating func string() -> Range<Int>? {
        guard take(UInt8(ascii: "\"")) else { return nil }
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return start..<position - 1
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") || byte <= 0x20
    }
}

extension UnsafeRawBufferPointer {
    func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
        range.count == text.utf8CodeUnitCount
            && self[range].elementsEqual(
                UnsafeRawBufferPointer(
                    start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func equals(_ range: Range<Int>, _ text: [UInt8]) -> Bool {
        range.count == text.count && self[range].elementsEqual(text)
    }

    /// A number without fraction and exponent; `nil` for anything else.
    func integer(_ range: Range<Int>) -> Int64? {
        guard (1...18).contains(range.count) else { return nil }
        var value: Int64 = 0
        for byte in self[range] {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }

    /// Where the last occurrence of a text begins.
    func lastPlace(of text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return nil }
        let pattern = UnsafeRawBufferPointer(start: text.utf8Start, count: length)
        var start = count - length
        while start >= 0 {
            if self[start] == pattern[0], equals(start..<start + length, text) { return start }
            start -= 1
        }
        return nil
    }
}
