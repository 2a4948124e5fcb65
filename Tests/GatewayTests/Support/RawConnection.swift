import Foundation

/// A connection on which bytes are sent and read as they are: for what a client of HTTP would not do.
final class RawConnection {
    struct Failure: Error {
        let what: String
    }

    private static let readSecondsMax = 30

    private let descriptor: Int32
    /// Reading blocks: it has a thread of its own.
    private let queue = DispatchQueue(label: "raw connection")

    /// `url` is `http://127.0.0.1:PORT`. With `receivesBytes` the kernel keeps no more than about so many.
    init(url: String, receivesBytes: Int32? = nil) throws {
        guard let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw Failure(what: url) }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var room = receivesBytes {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        }
        var wait = timeval(tv_sec: Self.readSecondsMax, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        address.sin_port = port.bigEndian
        let descriptor = descriptor
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw Failure(what: "no connection") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        guard write(descriptor, text, text.utf8.count) == text.utf8.count else { throw Failure(what: "not sent") }
    }

    /// GET requests, one behind the other.
    func get(_ paths: String..., fields: String = "") throws {
        try send(paths.map { "GET \($0) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(fields)\r\n" }.joined())
    }

    /// What has come when `isWhole` says so, or when the other side has ended.
    func read(until isWhole: (String) -> Bool) async throws -> String {
        var bytes: [UInt8] = []
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if isWhole(text) { return text }
            guard let more = await next() else {
                throw Failure(what: "nothing more within \(Self.readSecondsMax) s: \(text)")
            }
            if more.isEmpty { return text }
            bytes += more
        }
    }

    /// Everything until the other side ends.
    func readToEnd() async throws -> String { try await read { _ in false } }

    /// Empty at the end; `nil` where nothing comes.
    private func next() async -> [UInt8]? {
        let descriptor = descriptor
        return await withCheckedContinuation { continuation in
            queue.async {
                var buffer = [UInt8](repeating: 0, count: 65_536)
                let count = Foundation.read(descriptor, &buffer, buffer.count)
                continuation.resume(returning: count < 0 ? nil : Array(buffer[..<count]))
            }
        }
    }
}
