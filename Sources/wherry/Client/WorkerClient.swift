import AsyncHTTPClient
import CareRecord
import NIOCore
import NIOHTTP1

/// Asks one worker over HTTP, within limits of time and size.
struct WorkerClient: Sendable {
    /// A larger answer is an error.
    static let answerBytesMax = 128 << 20
    private static let connectSecondsMax: Int64 = 5
    /// The waits between attempts while the worker cannot be reached or is too busy.
    private static let waits: [Duration] = [
        .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4),
    ]

    let url: WorkerURL
    let client: HTTPClient

    /// A client for the duration of `body`.
    static func with<Value>(_ url: WorkerURL, _ body: (WorkerClient) async throws -> Value) async throws -> Value {
        var configuration = HTTPClient.Configuration()
        configuration.timeout = .init(connect: .seconds(connectSecondsMax))
        // What cannot be reached is to be said at once; who wants to try again does so himself.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let value = try await body(WorkerClient(url: url, client: client))
            try await client.shutdown()
            return value
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private init(url: WorkerURL, client: HTTPClient) {
        self.url = url
        self.client = client
    }

    /// Asks once. `path` begins with a slash and is encoded.
    func get(
        _ path: String, headers: [(name: String, value: String)] = [], secondsMax: Int64 = 10
    ) async throws -> WorkerReply {
        var request = HTTPClientRequest(url: url.description + path)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        do {
            return try await execute(request, secondsMax: secondsMax)
        } catch {
            throw unreachable(error)
        }
    }

    /// Has the worker do something, once.
    func act(_ path: String, secondsMax: Int64) async throws -> WorkerReply {
        var request = HTTPClientRequest(url: url.description + path)
        request.method = .POST
        do {
            return try await execute(request, secondsMax: secondsMax)
        } catch {
            throw unreachable(error)
        }
    }

    /// Sends `body`, and sends it again while the worker cannot be reached or is too busy: what is sent twice is
    /// stored once.
    func post(_ path: String, type: String, _ body: Payload, secondsMax: Int64 = 300) async throws -> WorkerReply {
        var request = HTTPClientRequest(url: url.description + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: type)
        request.headers.add(name: "Prefer", value: "return=OperationOutcome")
        for wait in Self.waits {
            request.body = body.requestBody
            do {
                let reply = try await execute(request, secondsMax: secondsMax)
                guard reply.isBusy else { return reply }
            } catch let error as Payload.Failure {
                throw error
            } catch  where error is CancellationError {
                throw error
            } catch {}
            try await Task.sleep(for: wait)
        }
        request.body = body.requestBody
        do {
            return try await execute(request, secondsMax: secondsMax)
        } catch {
            throw unreachable(error)
        }
    }

    /// Asks with a body, and again while the worker is too busy.
    func ask(
        _ path: String, type: String, headers: [(name: String, value: String)] = [], _ body: [UInt8],
        secondsMax: Int64 = 60
    ) async throws -> WorkerReply {
        var request = HTTPClientRequest(url: url.description + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: type)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            for wait in Self.waits {
                let reply = try await execute(request, secondsMax: secondsMax)
                guard reply.isBusy else { return reply }
                try await Task.sleep(for: wait)
            }
            return try await execute(request, secondsMax: secondsMax)
        } catch {
            throw unreachable(error)
        }
    }

    private func execute(_ request: HTTPClientRequest, secondsMax: Int64) async throws -> WorkerReply {
        let response = try await client.execute(request, timeout: .seconds(secondsMax))
        let body = try await response.body.collect(upTo: Self.answerBytesMax)
        return WorkerReply(
            status: Int(response.status.code), summary: response.headers.first(name: "Wherry-Summary"),
            body: Array(body.readableBytesView))
    }

    func unreachable(_ error: any Error) -> CommandFailure {
        let reason =
            switch SystemError.number(of: error) {
            case .connectionRefused?: "connection refused"
            case .addressInUse?, .notPermitted?, .noSuchAddress?, nil: "\(error)"
            }
        return CommandFailure(.failed, "no worker answers at \(url) (\(reason)): start it, or correct the URL")
    }
}

/// What a worker answered.
struct WorkerReply: Sendable {
    let status: Int
    /// The header `Wherry-Summary`.
    let summary: String?
    let body: [UInt8]

    var isSuccess: Bool { (200..<300).contains(status) }
    var isBusy: Bool { status == 503 || status == 429 }

    /// The body, of an answer that succeeded; else what it says is wrong.
    func json(from url: WorkerURL) throws -> JSON {
        let json = try? JSON.parse(body)
        if isSuccess, let json { return json }
        throw CommandFailure(
            status == 400 || status == 422 ? .refused : .failed,
            json?["detail"]?.text ?? "\(url) answered with status \(status) and no reason: is it a worker of Wherry?")
    }
}
