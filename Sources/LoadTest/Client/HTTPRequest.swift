package import NIOCore

/// A request as the bytes that are sent.
package struct HTTPRequest: Sendable {
    package let bytes: ByteBuffer

    package init(bytes: ByteBuffer) { self.bytes = bytes }

    /// `path` and `headers` are written as they are: they hold no line break and nothing that needs an escape.
    package static func get(_ path: String, host: String, headers: [(String, String)] = []) -> HTTPRequest {
        HTTPRequest("GET", path, host, headers, body: nil)
    }

    package static func post(
        _ path: String, host: String, contentType: String, headers: [(String, String)] = [], body: [UInt8]
    ) -> HTTPRequest {
        HTTPRequest("POST", path, host, [("Content-Type", contentType)] + headers, body: body)
    }

    private init(
        _ method: String, _ path: String, _ host: String, _ headers: [(String, String)], body: [UInt8]?
    ) {
        var bytes = ByteBufferAllocator().buffer(capacity: 256 + (body?.count ?? 0))
        bytes.writeString("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n")
        for (name, value) in headers { bytes.writeString("\(name): \(value)\r\n") }
        if let body { bytes.writeString("Content-Length: \(body.count)\r\n") }
        bytes.writeStaticString("\r\n")
        if let body { bytes.writeBytes(body) }
        self.bytes = bytes
    }
}
