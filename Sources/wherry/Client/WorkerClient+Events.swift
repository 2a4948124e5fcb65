import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension WorkerClient {
    /// All events of one stream together; a longer one is an error.
    static let streamBytesMax = 256 << 20

    /// Opens a stream of server-sent events and tells `take` of each, as it comes, until the stream ends: within so
    /// many seconds, whatever the worker does.
    func events(
        _ path: String, headers: [(name: String, value: String)], secondsMax: Int64,
        _ take: @escaping @Sendable (ServerEvent) throws -> Void
    ) async throws {
        var request = HTTPClientRequest(url: url.description + path)
        request.headers.add(name: "Accept", value: "text/event-stream")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let hasEnded = try await withThrowingTaskGroup(of: Bool.self) { [request] group in
            group.addTask {
                try await read(request, secondsMax: secondsMax, take)
                return true
            }
            group.addTask {
                try await Task.sleep(for: .seconds(secondsMax))
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        guard hasEnded else {
            throw CommandFailure(.failed, "\(url) did not end its answer within \(secondsMax) s: is it overloaded?")
        }
    }

    private func read(
        _ request: HTTPClientRequest, secondsMax: Int64, _ take: @Sendable (ServerEvent) throws -> Void
    ) async throws {
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: .seconds(secondsMax))
        } catch {
            throw unreachable(error)
        }
        let type = response.headers.first(name: "Content-Type") ?? ""
        guard response.status == .ok, type.hasPrefix("text/event-stream") else {
            let body = try await response.body.collect(upTo: Self.answerBytesMax)
            let reply = WorkerReply(
                status: Int(response.status.code), summary: nil, body: Array(body.readableBytesView))
            _ = try reply.json(from: url)
            throw CommandFailure(.failed, "\(url) sends no events: is it a worker of Wherry?")
        }
        do {
            try await read(response.body, take)
        } catch let failure as CommandFailure {
            throw failure
        } catch let error as CancellationError {
            throw error
        } catch is EventParser.TooLarge {
            throw Self.tooMuch(url)
        } catch {
            throw CommandFailure(.failed, "the connection to \(url) broke off in the middle of its answer: try again")
        }
    }

    private func read(
        _ body: HTTPClientResponse.Body, _ take: @Sendable (ServerEvent) throws -> Void
    ) async throws {
        var parser = EventParser()
        var bytes = 0
        for try await piece in body {
            bytes += piece.readableBytes
            guard bytes <= Self.streamBytesMax else { throw Self.tooMuch(url) }
            for event in try parser.take(Array(piece.readableBytesView)) { try take(event) }
        }
    }

    private static func tooMuch(_ url: WorkerURL) -> CommandFailure {
        CommandFailure(
            .failed, "\(url) sends more than this command takes: ask for less with --categories, --since or --limit")
    }
}
