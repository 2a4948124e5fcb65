import CareRecord
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// What can answer a GET on the spot: without waiting, in some ten microseconds.
protocol ImmediateRoute: Sendable {
    /// The JSON of the answer; `nil` where the request is to go the usual way.
    func answerNow(_ path: String) -> JSONWriter?
}

/// Answers requests of a connection where they arrive, on its own thread: to hand one to a task and its answer back
/// costs more than a lookup does (decision 14).
///
/// What the route does not answer goes on unchanged, and so does everything behind it until that is answered: answers
/// leave in the order of their requests.
final class ImmediateLane: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let route: any ImmediateRoute
    private let date = HTTPDate()
    private let exit = Exit()
    /// Requests that went on and are not answered yet.
    private var unansweredCount = 0
    /// The head of a request that may be answered here once it is whole.
    private var head: HTTPRequest?
    private var hasWritten = false

    init(_ route: any ImmediateRoute) { self.route = route }

    func handlerAdded(context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(exit, position: .first)
        } catch {
            // The connection is over already.
            context.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let request):
            if mayBeAnswered(request, context) {
                head = request
            } else {
                unansweredCount += 1
                context.fireChannelRead(data)
            }
        case .body:
            passHeadOn(context)
            context.fireChannelRead(data)
        case .end:
            if let path = head?.path, let body = route.answerNow(path) {
                head = nil
                answer(body, context)
            } else {
                passHeadOn(context)
                context.fireChannelRead(data)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if hasWritten {
            hasWritten = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { unansweredCount -= 1 }
        context.write(data, promise: promise)
    }

    /// A connection whose reader takes nothing gets no more from here: the usual way waits for it.
    private func mayBeAnswered(_ request: HTTPRequest, _ context: ChannelHandlerContext) -> Bool {
        unansweredCount == 0 && request.method == .get && context.channel.isWritable
            && request.headerFields[.connection] == nil
    }

    private func passHeadOn(_ context: ChannelHandlerContext) {
        guard let request = head else { return }
        head = nil
        unansweredCount += 1
        context.fireChannelRead(wrapInboundOut(.head(request)))
    }

    /// Head and body in one piece, past the encoder.
    private func answer(_ body: JSONWriter, _ context: ChannelHandlerContext) {
        var answer = context.channel.allocator.buffer(capacity: Self.headBytesMax + body.count)
        answer.writeStaticString("HTTP/1.1 200 OK\r\nContent-Type: ")
        answer.writeString(ContentType.json)
        answer.writeStaticString("\r\nCache-Control: no-store\r\nContent-Length: ")
        answer.writeString(String(body.count))
        answer.writeStaticString("\r\nDate: ")
        answer.writeString(date.text)
        answer.writeStaticString("\r\n\r\n")
        body.withBytes { _ = answer.writeBytes($0) }
        exit.write(answer)
        hasWritten = true
    }

    private static let headBytesMax = 256
}

/// Where bytes leave a connection: before everything that makes bytes of answers.
private final class Exit: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = Any
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }
}
