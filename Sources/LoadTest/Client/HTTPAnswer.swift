package import NIOCore

/// An answer, whole.
package struct HTTPAnswer: Sendable {
    package let status: Int
    package let body: ByteBuffer
    /// Status line and header fields as they came.
    let head: ByteBuffer
    /// Whether the connection may carry another request.
    let keepsAlive: Bool

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The first field of this name, whatever its case; `nil` where there is none.
    package func header(_ name: StaticString) -> String? {
        head.withUnsafeReadableBytes { bytes in
            var found: String?
            HeaderLines.each(in: bytes) { line, value in
                if found == nil, HeaderLines.isName(name, bytes[line]) {
                    found = String(decoding: bytes[value], as: UTF8.self)
                }
            }
            return found
        }
    }
}

/// The lines of a head (RFC 9112 §5).
enum HeaderLines {
    /// Calls with the places of name and value of each field. `false` where a line is no field.
    @discardableResult
    static func each(
        in head: UnsafeRawBufferPointer, _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void
    ) -> Bool {
        var start = 0
        var isFirst = true
        while let end = head[start...].firstIndex(of: UInt8(ascii: "\n")) {
            defer {
                start = end + 1
                isFirst = false
            }
            let last = end > start && head[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
            if isFirst || last == start { continue }
            guard let colon = head[start..<last].firstIndex(of: UInt8(ascii: ":")), colon > start else { return false }
            var value = colon + 1
            var valueEnd = last
            while value < valueEnd, isBlank(head[value]) { value += 1 }
            while valueEnd > value, isBlank(head[valueEnd - 1]) { valueEnd -= 1 }
            body(start..<colon, value..<valueEnd)
        }
        return true
    }

    /// `name` is in lower case.
    static func isName(_ name: StaticString, _ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        let expected = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        return bytes.count == expected.count && zip(bytes, expected).allSatisfy { lowercased($0) == $1 }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
