import CareRecord

/// Reads a change from the very bytes that `ChangeLine.append` writes, in one pass and without a JSON value in between:
/// intake and refilling an index spend most of their time on lines.
///
/// What is written in any other way, such as with a space, an escape or a member it does not expect, is left to the
/// general reader, whose answer is the same wherever this one has any.
struct ChangeLineScanner {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// `nil`: ask the general reader.
    static func read(_ line: UnsafeRawBufferPointer) -> Change? {
        var scanner = ChangeLineScanner(bytes: line)
        return scanner.change()
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func change() -> Change? {
        guard skip(#"{"seq":"#), let seq = integer(), seq > 0, skip(#","op":""#) else { return nil }
        let isPut = skip(#"put","patient":""#)
        guard isPut || skip(#"withdraw","patient":""#), let value = integer(digits: 10),
            let patient = NHSNumber(value: value), skip(#"","resource":""#), let range = plainText(),
            let resource = ResourceKey(referenceBytes: UnsafeRawBufferPointer(rebasing: bytes[range]))
        else { return nil }
        let key = EntryKey(patient: patient, resource: resource)
        guard isPut else { return isAtEnd ? Change(seq: seq, key: key, effect: .withdraw) : nil }
        guard let facts = facts() else { return nil }
        return Change(seq: seq, key: key, effect: .put(facts))
    }

    private mutating func facts() -> Facts? {
        guard skip(#","category":""#), let name = text(), let category = Category(rawValue: name) else { return nil }
        var facts = Facts(category: category)
        if skip(#","code":""#) {
            guard let code = text() else { return nil }
            facts.code = code
        }
        if skip(#","system":""#) {
            guard let system = text() else { return nil }
            facts.system = system
        }
        if skip(#","display":""#) {
            guard let display = text() else { return nil }
            facts.display = display
        }
        if skip(#","status":""#) {
            guard let status = text() else { return nil }
            facts.status = status
        }
        if skip(#","date":""#) {
            guard let date = text() else { return nil }
            facts.date = date
        }
        return isAtEnd ? facts : nil
    }

    /// Whether only the closing brace is left; takes it.
    private var isAtEnd: Bool {
        mutating get { skip("}") && position == bytes.count }
    }

    private mutating func skip(_ expected: StaticString) -> Bool {
        let count = expected.utf8CodeUnitCount
        guard bytes.count - position >= count else { return false }
        for offset in 0..<count where bytes[position + offset] != expected.utf8Start[offset] { return false }
        position += count
        return true
    }

    /// Digits without a leading zero, 18 at most.
    private mutating func integer() -> Int64? {
        let start = position
        guard let value = digits(max: 18), position - start == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
        return value
    }

    private mutating func integer(digits count: Int) -> Int64? {
        let start = position
        guard let value = digits(max: count), position - start == count else { return nil }
        return value
    }

    private mutating func digits(max: Int) -> Int64? {
        let start = position
        var value: Int64 = 0
        while position < bytes.count, position - start < max {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value * 10 + Int64(digit)
            position += 1
        }
        return position > start ? value : nil
    }

    /// A string up to and with its closing quote; `nil` where it holds an escape or a control character.
    private mutating func plainText() -> Range<Int>? {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return start..<position - 1
            }
            guard byte >= 0x20, byte != UInt8(ascii: "\\") else { return nil }
            position += 1
        }
        return nil
    }

    private mutating func text() -> String? {
        guard let range = plainText() else { return nil }
        return String(validating: bytes[range], as: UTF8.self)
    }
}
