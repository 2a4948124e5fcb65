/// Sends a request and never reads a byte of the answer.
final class SilentReader {
    private let connection: RawConnection

    /// `url` is `http://127.0.0.1:PORT`.
    init(url: String, path: String, accept: String) throws {
        // Little room, so that the sender soon finds out.
        connection = try RawConnection(url: url, receivesBytes: 4096)
        try connection.get(path, fields: "Accept: \(accept)\r\n")
    }
}
