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
    private var rest: [UInt8] = []
    private var line = 1
    private var isAtEnd = false

    init(_ reader: ByteReader) {
        self.reader = reader
    }

    /// `nil` at the end.
    mutating func next() throws(Payload.Failure) -> Part? {
        while !isAtEnd {
            if rest.count >= Self.partBytes, let end = rest.lastIndex(of: UInt8(ascii: "\n")) { return take(end + 1) }
            guard rest.count <= Self.lineBytesMax else {
                throw Payload.Failure(reason: "line \(line) is longer than \(Self.lineBytesMax >> 20) MiB")
            }
            let bytes = try reader.next(1 << 20)
            isAtEnd = bytes.isEmpty
            rest += bytes
        }
        return rest.isEmpty ? nil : take(rest.count)
    }

    private mutating func take(_ count: Int) -> Part {
        let part = Part(bytes: Array(rest.prefix(count)), firstLine: line)
        line += part.bytes.count { $0 == UInt8(ascii: "\n") }
        rest.removeFirst(count)
        return part
    }
}
