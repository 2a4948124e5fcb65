import Foundation

/// Sends a request and never reads a byte of the answer.
final class SilentReader {
    struct Failure: Error {}

    private let descriptor: Int32

    /// `url` is `http://127.0.0.1:PORT`.
    init(url: String, path: String, accept: String) throws {
        guard let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw Failure() }
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // Little room, so that the sender soon finds out.
        var room: Int32 = 4096
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
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
        let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: \(accept)\r\n\r\n"
        guard isConnected, write(descriptor, request, request.utf8.count) == request.utf8.count else {
            close(descriptor)
            throw Failure()
        }
    }

    deinit { close(descriptor) }
}
