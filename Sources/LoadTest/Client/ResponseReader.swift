import NIOCore

/// Reads the answers on one connection from the bytes as they come (RFC 9112). Pure.
///
/// An answer ends where its `Content-Length` or its last chunk says, or with the connection. What it takes is bounded.
struct ResponseReader {
    static let headBytesMax = 32 << 10
    static let chunkLineBytesMax = 1024

    struct Failure: Error, Equatable {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }

    private struct Head {
        var status: Int
        var length: Int?
        var isChunked = false
        var keepsAlive = true
        var isBroken = false
    }

    private enum State {
        case head
        case counted(Int)
        case chunkSize
        case chunk(left: Int)
        /// The line break behind a chunk.
        case chunkEnd
        case trailers
        /// Everything until the connection ends.
        case toTheEnd
    }

    private let bodyBytesMax: Int
    private var state = State.head
    private var input = ByteBuffer()
    private var headBytes = ByteBuffer()
    private var head = Head(status: 0)
    private var body = ByteBuffer()

    init(bodyBytesMax: Int) { self.bodyBytesMax = bodyBytesMax }

    /// Whether nothing of an answer has come.
    var isIdle: Bool {
        guard case .head = state else { return false }
        return input.readableBytes == 0
    }

    /// The status of the answer whose body is coming.
    var status: Int? {
        guard case .head = state else { return head.status }
        return nil
    }

    /// Takes what came; returns the answer that is whole with it.
    mutating func read(_ bytes: ByteBuffer) throws(Failure) -> HTTPAnswer? {
        if input.readableBytes == 0 {
            input = bytes
        } else {
            input.writeImmutableBuffer(bytes)
        }
        return try step()
    }

    /// The connection has ended: the answer that ends with it.
    mutating func ended() throws(Failure) -> HTTPAnswer? {
        guard case .toTheEnd = state else { throw Failure("the connection ended within an answer") }
        head.keepsAlive = false
        return finish()
    }

    /// For an answer without an end: what of its body came since the last call.
    mutating func takeBody() -> ByteBuffer {
        defer { body = ByteBuffer() }
        return body
    }

    private mutating func step() throws(Failure) -> HTTPAnswer? {
        while true {
            switch state {
            case .head:
                guard try readHead() else { return nil }
            case .counted(let length):
                guard let slice = input.readSlice(length: length) else { return nil }
                body = slice
                return finish()
            case .chunkSize:
                guard let line = try readLine(atMost: Self.chunkLineBytesMax) else { return nil }
                guard let size = Self.chunkSize(line) else { throw Failure("a chunk without a size") }
                guard size <= bodyBytesMax - body.readableBytes else { throw tooLong }
                state = size == 0 ? .trailers : .chunk(left: size)
            case .chunk(let left):
                guard input.readableBytes > 0 else { return nil }
                let count = min(left, input.readableBytes)
                if var slice = input.readSlice(length: count) { body.writeBuffer(&slice) }
                state = count == left ? .chunkEnd : .chunk(left: left - count)
            case .chunkEnd:
                guard let line = try readLine(atMost: 2) else { return nil }
                guard line.readableBytes == 0 else { throw Failure("a chunk longer than its size") }
                state = .chunkSize
            case .trailers:
                guard let line = try readLine(atMost: Self.headBytesMax) else { return nil }
                if line.readableBytes == 0 { return finish() }
            case .toTheEnd:
                guard body.readableBytes + input.readableBytes <= bodyBytesMax else { throw tooLong }
                body.writeBuffer(&input)
                return nil
            }
        }
    }

    private var tooLong: Failure { Failure("an answer of more than \(bodyBytesMax) bytes") }

    private mutating func finish() -> HTTPAnswer {
        defer {
            state = .head
            body = ByteBuffer()
        }
        return HTTPAnswer(status: head.status, body: body, head: headBytes, keepsAlive: head.keepsAlive)
    }

    /// Reads a head and decides how its body ends; `false` while it is not whole.
    private mutating func readHead() throws(Failure) -> Bool {
        guard let length = input.withUnsafeReadableBytes(Self.headLength) else {
            guard input.readableBytes <= Self.headBytesMax else { throw Failure("a head that does not end") }
            return false
        }
        guard length <= Self.headBytesMax, let bytes = input.readSlice(length: length),
            let head = bytes.withUnsafeReadableBytes(Self.head), !head.isBroken
        else { throw Failure("a head that is not HTTP/1.1's") }
        // An interim answer (RFC 9110 §15.2): the one that counts follows.
        if head.status < 200 { return true }
        self.head = head
        headBytes = bytes
        if head.status == 204 || head.status == 304 {
            state = .counted(0)
        } else if head.isChunked {
            state = .chunkSize
        } else if let length = head.length {
            guard length <= bodyBytesMax else { throw tooLong }
            state = .counted(length)
        } else {
            state = .toTheEnd
        }
        return true
    }

    private mutating func readLine(atMost limit: Int) throws(Failure) -> ByteBuffer? {
        let view = input.readableBytesView
        guard let end = view.firstIndex(of: UInt8(ascii: "\n")) else {
            guard input.readableBytes <= limit else { throw Failure("a line that does not end") }
            return nil
        }
        guard var line = input.readSlice(length: end - view.startIndex + 1) else { return nil }
        let tail = line.readableBytesView.suffix(2).first == UInt8(ascii: "\r") ? 2 : 1
        return line.readSlice(length: line.readableBytes - tail)
    }

    private static func chunkSize(_ line: ByteBuffer) -> Int? {
        var size = 0
        var digits = 0
        for byte in line.readableBytesView {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digits < 12 else { break }
            size = size * 16 + digit
            digits += 1
        }
        return digits > 0 ? size : nil
    }

    /// Up to and with the empty line; `nil` where there is none yet.
    private static func headLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var index = 3
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n"), bytes[index - 1] == UInt8(ascii: "\r"),
                bytes[index - 2] == UInt8(ascii: "\n")
            {
                return index + 1
            }
            index += 1
        }
        return nil
    }

    private static func head(_ bytes: UnsafeRawBufferPointer) -> Head? {
        // HTTP/1.1 200 OK
        guard bytes.count >= 14, bytes.equals(0..<7, "HTTP/1."), let status = bytes.integer(9..<12), status >= 100
        else { return nil }
        var head = Head(status: Int(status), keepsAlive: bytes[7] == UInt8(ascii: "1"))
        let isWhole = HeaderLines.each(in: bytes) { name, value in
            if HeaderLines.isName("content-length", bytes[name]) {
                let length = bytes.integer(value).map(Int.init)
                head.isBroken = head.isBroken || length == nil
                head.length = length
            } else if HeaderLines.isName("transfer-encoding", bytes[name]) {
                head.isChunked = HeaderLines.isName("chunked", bytes[value])
                head.isBroken = head.isBroken || !head.isChunked
            } else if HeaderLines.isName("connection", bytes[name]), HeaderLines.isName("close", bytes[value]) {
                head.keepsAlive = false
            }
        }
        return isWhole ? head : nil
    }
}
