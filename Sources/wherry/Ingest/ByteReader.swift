import Glibc

/// An open file, or standard input, read from its beginning.
final class ByteReader {
    private let descriptor: Int32
    private let name: String

    /// `-` is standard input.
    init(path: String) throws(Payload.Failure) {
        name = path
        descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Payload.Failure(reason: "\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    /// Up to so many bytes; none at the end.
    func next(_ bytesMax: Int) throws(Payload.Failure) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: bytesMax) { buffer, count in
            var got: Int
            repeat { got = read(descriptor, buffer.baseAddress, bytesMax) } while got < 0 && errno == EINTR
            failure = got < 0 ? errno : 0
            count = max(0, got)
        }
        guard failure == 0 else { throw Payload.Failure(reason: "\(name): \(String(cString: strerror(failure)))") }
        return bytes
    }
}

/// Reads whole lines, some megabytes of them at a time.
struct LineReader {
    /// Lines that are sent together, and the number of the first.
    struct Part {
        let bytes: [UInt8]
        let firstLine: Int
    }

    static let partBytes = 4 << 20
    /// A longer line is refused; a worker takes 16 MiB.
    static let lineBytesMax = 20 << 20

    private let reader: ByteReader
    private let partBytes: Int
    private let lineBytesMax: Int
    private var rest: [UInt8] = []
    /// Where the last whole line in `rest` ends.
    private var wholeCount = 0
    private var line = 1
    private var isAtEnd = false

    init(_ reader: ByteReader, partBytes: Int = Self.partBytes, lineBytesMax: Int = Self.lineBytesMax) {
        self.reader = reader
        self.partBytes = partBytes
        self.lineBytesMax = lineBytesMax
    }

    /// `nil` at the end.
    mutating func next() throws(Payload.Failure) -> Part? {
        while !isAtEnd {
            if rest.count >= partBytes, wholeCount > 0 { return take(wholeCount) }
            guard rest.count - wholeCount <= lineBytesMax else {
                throw Payload.Failure(reason: "a line is longer than \(lineBytesMax) bytes; those before it were sent")
            }
            let bytes = try reader.next(partBytes / 4)
            isAtEnd = bytes.isEmpty
            if let end = bytes.lastIndex(of: UInt8(ascii: "\n")) { wholeCount = rest.count + end + 1 }
            rest += bytes
        }
        return rest.isEmpty ? nil : take(rest.count)
    }

    private mutating func take(_ count: Int) -> Part {
        let part = Part(bytes: Array(rest.prefix(count)), firstLine: line)
        line += part.bytes.count { $0 == UInt8(ascii: "\n") }
        rest.removeFirst(count)
        wholeCount = 0
        return part
    }
}
