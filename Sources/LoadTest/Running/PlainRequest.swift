package import CareRecord
import NIOCore
import NIOHTTP1
import NIOPosix

/// One HTTP request over a connection of its own, for the few that a run makes beside its load.
package enum PlainRequest {
    package enum Method: Sendable {
        case get
        case post(contentType: String, body: [UInt8])
    }

    package struct Reply: Sendable {
        package let status: Int
        package let body: [UInt8]
    }

    private static let connectSecondsMax: Int64 = 5
    fileprivate static let bodyBytesMax = 16 << 20

    /// Sends it and waits for the whole reply.
    package static func send(
        _ method: Method, _ path: String, to target: LoadTarget, secondsMax: Int64 = 30
    ) async throws(LoadTestError) -> Reply {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: Reply.self)
        do {
            let channel: any Channel
            do {
                channel = try await ClientBootstrap(group: loop).connectTimeout(.seconds(connectSecondsMax))
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHTTPClientHandlers()
                            try channel.pipeline.syncOperations.addHandler(ReplyCollector(promise))
                        }
                    }
                    .connect(host: target.host, port: target.port).get()
            } catch {
                promise.fail(error)
                throw error
            }
            let limit = loop.scheduleTask(in: .seconds(secondsMax)) { channel.close(promise: nil) }
            defer { limit.cancel() }
            write(method, path, to: target, on: channel)
            return try await promise.futureResult.get()
        } catch {
            throw LoadTestError(
                .worker, "the worker of \(target.hie) at \(target.host):\(target.port) did not answer \(path)",
                cause: error)
        }
    }

    /// A reply in JSON; throws where it is none, or says that something failed.
    package static func json(_ path: String, of target: LoadTarget) async throws(LoadTestError) -> JSON {
        let reply = try await send(.get, path, to: target)
        guard reply.status == 200, let json = try? JSON.parse(reply.body) else {
            throw LoadTestError(
                .worker,
                "the worker of \(target.hie) at \(target.host):\(target.port) answered \(path) with status "
                    + "\(reply.status)")
        }
        return json
    }

    private static func write(_ method: Method, _ path: String, to target: LoadTarget, on channel: any Channel) {
        var headers: HTTPHeaders = ["Host": "\(target.host):\(target.port)", "Connection": "close"]
        switch method {
        case .get:
            channel.write(
                HTTPClientRequestPart.head(.init(version: .http1_1, method: .GET, uri: path, headers: headers)),
                promise: nil)
        case .post(let contentType, let body):
            headers.add(name: "Content-Type", value: contentType)
            headers.add(name: "Content-Length", value: String(body.count))
            headers.add(name: "Prefer", value: "return=minimal")
            channel.write(
                HTTPClientRequestPart.head(.init(version: .http1_1, method: .POST, uri: path, headers: headers)),
                promise: nil)
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
}

/// Puts a reply together. It settles its promise once, at the latest when the connection is gone.
private final class ReplyCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private enum Failure: Error {
        case connectionEnded
        case bodyTooLarge
    }

    private var promise: EventLoopPromise<PlainRequest.Reply>?
    private var status = 0
    private var body: [UInt8] = []

    init(_ promise: EventLoopPromise<PlainRequest.Reply>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = Int(head.status.code)
        case .body(let buffer):
            guard body.count + buffer.readableBytes <= PlainRequest.bodyBytesMax else {
                settle(.failure(Failure.bodyTooLarge))
                return context.close(promise: nil)
            }
            body.append(contentsOf: buffer.readableBytesView)
        case .end:
            settle(.success(PlainRequest.Reply(status: status, body: body)))
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        settle(.failure(error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        settle(.failure(Failure.connectionEnded))
        context.fireChannelInactive()
    }

    private func settle(_ result: Result<PlainRequest.Reply, any Error>) {
        promise?.completeWith(result)
        promise = nil
    }
}
