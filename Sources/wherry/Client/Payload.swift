import AsyncHTTPClient
import Glibc
import NIOCore

/// What is sent: bytes in memory, or a file read as it is sent.
enum Payload: Sendable {
    case bytes([UInt8])
    /// `onBytes` is told the size of every piece.
    case file(path: String, size: Int, onBytes: @Sendable (Int) -> Void)

    /// The file could not be read.
    struct Failure: Error {
        let reason: String
    }

    var requestBody: HTTPClientRequest.Body {
        switch self {
        case .bytes(let bytes): .bytes(ByteBuffer(bytes: bytes))
        case .file(let path, let size, let onBytes):
            .stream(FilePieces(path: path, onBytes: onBytes), length: .known(Int64(size)))
        }
    }
}

/// A file's bytes, a piece at a time.
private struct FilePieces: AsyncSequence, Sendable {
    static let pieceBytes = 256 << 10

    let path: String
    let onBytes: @Sendable (Int) -> Void

    struct Iterator: AsyncIteratorProtocol {
        let reader: ByteReader?
        let path: String
        let onBytes: @Sendable (Int) -> Void

        func next() async throws -> ByteBuffer? {
            guard let reader else { throw Payload.Failure(reason: "\(path) cannot be read any more") }
            // A read of a local file in a process that does nothing else: it may block.
            let bytes = try reader.next(FilePieces.pieceBytes)
            onBytes(bytes.count)
            return bytes.isEmpty ? nil : ByteBuffer(bytes: bytes)
        }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(reader: try? ByteReader(path: path), path: path, onBytes: onBytes)
    }
}
