import CareRecord
import Foundation
import Glibc
import NIOConcurrencyHelpers

/// An HTTP server on loopback that answers as a test says, and keeps what it was asked.
///
/// It takes one request a connection.
final class CannedWorker: Sendable {
    struct Failure: Error {}

    struct Request: Sendable {
        let method: String
        /// With its query.
        let path: String
        /// By names in lower case.
        let headers: [String: String]
        let body: [UInt8]

        /// `POST /api/deadletters/plans`.
        var line: String { "\(method) \(path)" }
        var json: JSON { (try? JSON.parse(body)) ?? .null }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Answer: Sendable {
        var status = 200
        var type = "application/json"
        var body: [UInt8]
        /// Bytes that are promised and never come.
        var missing = 0

        init(_ body: String, status: Int = 200, type: String = "application/json", missing: Int = 0) {
            self.status = status
            self.type = type
            self.body = Array(body.utf8)
            self.missing = missing
        }
    }

    /// `earlier` is how many requests of the same line came before.
    typealias Answering = @Sendable (_ request: Request, _ earlier: Int) -> Answer?

    private final class Record: Sendable {
        let requests = NIOLockedValueBox<[Request]>([])
    }

    let url: String
    private let descriptor: Int32
    private let record = Record()

    /// `nil` of `answering` is a connection that is closed without an answer.
    init(_ answering: @escaping Answering) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        guard isListening else { throw Failure() }
        let record = record
        Thread.detachNewThread {
            while true {
                let connection = accept(descriptor, nil, nil)
                if connection < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard connection >= 0 else { break }
                Thread.detachNewThread { Self.serve(connection, record, answering) }
            }
            close(descriptor)
        }
    }

    /// The same answers to the same lines, whatever comes between; anything else is not found.
    convenience init(_ answers: [String: Answer]) throws {
        try self.init { request, _ in
            answers[request.line]
                ?? Answer(#"{"error":"notFound","detail":"there is no \#(request.line)"}"#, status: 404)
        }
    }

    /// Ends the thread that accepts, which closes the port.
    deinit { shutdown(descriptor, Int32(SHUT_RDWR)) }

    var requests: [Request] { record.requests.withLockedValue { $0 } }
    var lines: [String] { requests.map(\.line) }

    /// The last request of this line.
    func request(_ line: String) -> Request? { requests.last { $0.line == line } }

    private static func serve(_ connection: Int32, _ record: Record, _ answering: Answering) {
        defer { close(connection) }
        guard let request = read(connection) else { return }
        let earlier = record.requests.withLockedValue { requests in
            defer { requests.append(request) }
            return requests.count { $0.line == request.line }
        }
        guard let answer = answering(request, earlier) else { return }
        let head = """
            HTTP/1.1 \(answer.status) Said\r\nContent-Type: \(answer.type)\r\nConnection: close\r
            Content-Length: \(answer.body.count + answer.missing)\r\n\r\n
            """
        write(Array(head.utf8) + answer.body, to: connection)
    }

    private static func read(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var head: Int?
        while head == nil {
            guard let more = piece(connection) else { return nil }
            bytes += more
            head = bytes.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
        }
        let lines = String(decoding: bytes.prefix(head ?? 0), as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        let headers = Dictionary(
            lines.dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return parts.count == 2
                    ? (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces)) : nil
            }, uniquingKeysWith: { $1 })
        var body = Array(bytes.dropFirst(head ?? 0))
        while body.count < headers["content-length"].flatMap({ Int($0) }) ?? 0 {
            guard let more = piece(connection) else { return nil }
            body += more
        }
        return Request(method: String(words[0]), path: String(words[1]), headers: headers, body: body)
    }

    private static func piece(_ connection: Int32) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(connection, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer.prefix(count)) : nil
    }

    private static func write(_ bytes: [UInt8], to connection: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
