import CareRecord
import Glibc

/// One connection to a worker that is kept, on the thread of whoever asks: the least that an HTTP client can be.
///
/// Answers have `Content-Length`; whatever else comes is an error.
final class PlainConnection {
    private static let answerSecondsMax = 10
    private static let answerBytesMax = 64 << 20
    private static let pieceBytes = 1 << 16

    private let descriptor: Int32
    private let target: LoadTarget
    /// What was read and belongs to no answer yet.
    private var buffer: [UInt8] = []
    private var piece = [UInt8](repeating: 0, count: PlainConnection.pieceBytes)

    /// Connects to an address in digits.
    init(_ target: LoadTarget) throws(LoadTestError) {
        self.target = target
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: target.port).bigEndian
        guard descriptor >= 0, inet_pton(AF_INET, target.host, &address.sin_addr) == 1 else {
            close(descriptor)
            throw LoadTestError(.worker, "\(target.host) is no IPv4 address that can be connected to")
        }
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) == 0 }
        }
        guard isConnected else {
            let number = errno
            close(descriptor)
            throw LoadTestError(
                .worker, "\(target.host):\(target.port) cannot be reached: \(String(cString: strerror(number)))")
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var wait = timeval(tv_sec: Self.answerSecondsMax, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// The bytes of a request for a path.
    static func request(_ path: String, of target: LoadTarget) -> [UInt8] {
        Array("GET \(path) HTTP/1.1\r\nHost: \(target.host):\(target.port)\r\n\r\n".utf8)
    }

    func send(_ request: [UInt8]) throws(LoadTestError) {
        var sent = 0
        while sent < request.count {
            let count = request.withUnsafeBytes { bytes in
                Glibc.send(
                    descriptor, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ended("a request could not be sent") }
            sent += count
        }
    }

    /// Waits for the next answer, which has to be a success. Returns its body.
    func receive() throws(LoadTestError) -> ArraySlice<UInt8> {
        var searched = 0
        while true {
            if let head = Self.end(of: buffer, from: searched) {
                let length = try length(of: buffer[..<head])
                while buffer.count < head + length { try read() }
                let body = buffer[head..<head + length]
                buffer = buffer.count == head + length ? [] : Array(buffer[(head + length)...])
                return body
            }
            searched = max(0, buffer.count - 3)
            try read()
        }
    }

    private func read() throws(LoadTestError) {
        guard buffer.count < Self.answerBytesMax else { throw ended("an answer is too long") }
        let count = recv(descriptor, &piece, piece.count, 0)
        if count < 0, errno == EINTR { return }
        guard count > 0 else { throw ended("an answer did not come") }
        buffer.append(contentsOf: piece[..<count])
    }

    private func length(of head: ArraySlice<UInt8>) throws(LoadTestError) -> Int {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first ?? ""
        guard status.hasPrefix("2") else { throw ended("the answer to a request was \(status)") }
        for line in lines.dropFirst() where line.lowercased().hasPrefix("content-length:") {
            if let length = Int(line.drop { $0 != ":" }.dropFirst().drop { $0 == " " }), length >= 0 { return length }
        }
        throw ended("an answer does not say how long it is")
    }

    /// Where the head ends, the empty line included.
    private static func end(of bytes: [UInt8], from start: Int) -> Int? {
        var place = start
        while place + 3 < bytes.count {
            if bytes[place] == 0x0D, bytes[place + 1] == 0x0A, bytes[place + 2] == 0x0D, bytes[place + 3] == 0x0A {
                return place + 4
            }
            place += 1
        }
        return nil
    }

    private func ended(_ reason: String) -> LoadTestError {
        LoadTestError(.worker, "\(target.host):\(target.port): \(reason)")
    }
}
