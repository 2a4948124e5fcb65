/// What may not stand in a JSON text as it is (RFC 8259 §7).
extension JSONWriter {
    static let quote = UInt8(ascii: "\"")

    /// Whether every byte is ASCII and stands for itself: nearly every text, and eight bytes at a time.
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

    static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == quote || byte == UInt8(ascii: "\\")
    }

    /// Bytes of the longest escape.
    static let escapedMax = 6

    /// Returns how many bytes it wrote.
    static func escape(_ byte: UInt8, _ room: UnsafeMutableBufferPointer<UInt8>, at place: Int) -> Int {
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
