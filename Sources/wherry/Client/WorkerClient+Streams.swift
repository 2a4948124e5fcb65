import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension WorkerClient {
    /// Reads an answer of any size, a piece at a time, as it comes.
    func download(_ path: String, secondsMax: Int64, _ take: ([UInt8]) throws -> Void) async throws {
        let request = HTTPClientRequest(url: url.description + path)
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: .seconds(secondsMax))
        } catch {
            throw unreachable(error)
        }
        guard response.status == .ok else {
            let body = try await response.body.collect(upTo: Self.answerBytesMax)
            let reply = WorkerReply(
                status: Int(response.status.code), summary: nil, body: Array(body.readableBytesView))
            _ = try reply.json(from: url)
            throw CommandFailure(.failed, "\(url) answered with status \(reply.status)")
        }
        do {
            for try await piece in response.body { try take(Array(piece.readableBytesView)) }
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.failed, "the connection to \(url) broke off in the middle of its answer: try again")
        }
    }
}
