/// What may not stand in a JSON text as it is (RFC 8259 §7).
extension JSONWriter {
    private static let quotationMark = UInt8(ascii: "\"")

    /// Whether every byte is ASCII and stands for itself: nearly every text, and eight bytes at a time.
    @inline(__always)
    static func isPlain(_ utf8: UnsafeRawBufferPointer) -> Bool {
        var place = 0
        while place + 8 <= utf8.count {
            let bytes = utf8.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            // Each term sets the highest bit of a byte that is not plain, and may of one above such a byte.
            let controls = bytes &- 0x2020_2020_2020_2020
            let quotes = (bytes ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
            let backslashes = (bytes ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
            if (bytes | controls | quotes | backslashes) & 0x8080_8080_8080_8080 != 0 { return false }
            place += 8
        }
        return utf8[place...].allSatisfy { $0 < 0x80 && !needsEscape($0) }
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == quotationMark || byte == UInt8(ascii: "\\")
    }

    /// Room that a text of sound UTF-8 needs between its quotation marks, with them.
    static func quotedMax(_ utf8: UnsafeRawBufferPointer, isPlain: Bool) -> Int {
        isPlain ? utf8.count + 2 : utf8.count + 2 + (escapedMax - 1) * utf8.count(where: needsEscape)
    }

    /// Puts a text of sound UTF-8 between quotation marks. Returns how many bytes it wrote.
    @inline(__always)
    static func quote(_ utf8: UnsafeRawBufferPointer, isPlain: Bool, _ room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        room[0] = quotationMark
        var place = 1
        if isPlain {
            UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(room)[1...]).copyMemory(from: utf8)
            place += utf8.count
        } else {
            place += escape(utf8, UnsafeMutableBufferPointer(rebasing: room[1...]))
        }
        room[place] = quotationMark
        return place + 1
    }

    /// Bytes of the longest number.
    static let digitsMax = 20

    /// Writes the number in decimal. Returns how many bytes it wrote.
    static func digits(of value: Int64, _ room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var place = digitsMax
        var rest = value.magnitude
        repeat {
            place -= 1
            room[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if value < 0 {
            place -= 1
            room[place] = UInt8(ascii: "-")
        }
        for digit in place..<digitsMax { room[digit - place] = room[digit] }
        return digitsMax - place
    }

    /// Bytes of the longest escape.
    private static let escapedMax = 6

    private static func escape(_ utf8: UnsafeRawBufferPointer, _ room: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var place = 0
        for byte in utf8 {
            if needsEscape(byte) {
                place += escape(byte, room, at: place)
            } else {
                room[place] = byte
                place += 1
            }
        }
        return place
    }

    /// Returns how many bytes it wrote.
    private static func escape(_ byte: UInt8, _ room: UnsafeMutableBufferPointer<UInt8>, at place: Int) -> Int {
        room[place] = UInt8(ascii: "\\")
        let letter: UInt8
        switch byte {
        case 0x08: letter = UInt8(ascii: "b")
        case 0x09: letter = UInt8(ascii: "t")
        case 0x0A: letter = UInt8(ascii: "n")
        case 0x0C: letter = UInt8(ascii: "f")
        case 0x0D: letter = UInt8(ascii: "r")
        case 0..<0x20:
            for (offset, byte) in "u000".utf8.enumerated() { room[place + 1 + offset] = byte }
            if byte >= 0x10 { room[place + 4] = UInt8(ascii: "1") }
            room[place + 5] = hexDigits[Int(byte & 0x0F)]
            return escapedMax
        default: letter = byte
        }
        room[place + 1] = letter
        return 2
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
