import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// An HTTP server that does what a test tells it, request by request.
final class ScriptedServer: Sendable {
    enum Step: Sendable {
        case send(String)
        case close
    }

    /// What to do about the n-th request, counted over all connections from 0. Nothing is silence.
    typealias Script = @Sendable (_ request: Int, _ head: String) -> [Step]

    private struct State {
        var requests = 0
        var connections = 0
        var openMost = 0
        var open: [ObjectIdentifier: any Channel] = [:]
    }

    private final class Shared: Sendable {
        let script: Script
        let state = NIOLockedValueBox(State())

        init(_ script: @escaping Script) { self.script = script }
    }

    let port: Int
    private let channel: any Channel
    private let shared: Shared

    private init(_ channel: any Channel, _ shared: Shared) {
        self.channel = channel
        self.shared = shared
        port = channel.localAddress?.port ?? 0
    }

    deinit {
        channel.close(promise: nil)
        dropAll()
    }

    static func start(port: Int = 0, _ script: @escaping Script) async throws -> ScriptedServer {
        let shared = Shared(script)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(shared))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return ScriptedServer(channel, shared)
    }

    var requestCount: Int { shared.state.withLockedValue { $0.requests } }
    var connectionCount: Int { shared.state.withLockedValue { $0.connections } }
    /// Connections that were open at the same time.
    var openMost: Int { shared.state.withLockedValue { $0.openMost } }

    func stop() async throws { try await channel.close() }

    /// Ends every connection.
    func dropAll() {
        for channel in shared.state.withLockedValue({ Array($0.open.values) }) { channel.close(promise: nil) }
    }

    /// Sends on every connection that is open.
    func sendAll(_ text: String) {
        for channel in shared.state.withLockedValue({ Array($0.open.values) }) {
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let shared: Shared
        private var input = ""

        init(_ shared: Shared) { self.shared = shared }

        func channelActive(context: ChannelHandlerContext) {
            let channel = context.channel
            shared.state.withLockedValue { state in
                state.connections += 1
                state.open[ObjectIdentifier(channel)] = channel
                state.openMost = max(state.openMost, state.open.count)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            let channel = context.channel
            shared.state.withLockedValue { $0.open[ObjectIdentifier(channel)] = nil }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            input += String(buffer: unwrapInboundIn(data))
            while let end = input.firstRange(of: "\r\n\r\n") {
                let head = String(input[..<end.lowerBound])
                input = String(input[end.upperBound...])
                let number = shared.state.withLockedValue { state in
                    state.requests += 1
                    return state.requests - 1
                }
                for step in shared.script(number, head) {
                    switch step {
                    case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                    case .close: context.close(promise: nil)
                    }
                }
            }
        }
    }
}
