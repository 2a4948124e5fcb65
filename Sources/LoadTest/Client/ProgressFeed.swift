package import CareRecord
package import NIOCore
import NIOPosix

/// What one worker says of its progress, at the moment at which it came.
package struct ProgressEvent: Sendable, Equatable {
    package var head: Int64?
    package var publishedThrough: Int64?
    /// By source: everything up to the number is applied.
    package var watermarks: [(hie: HIEIdentifier, watermark: Int64)] = []

    package static func == (left: ProgressEvent, right: ProgressEvent) -> Bool {
        left.head == right.head && left.publishedThrough == right.publishedThrough
            && left.watermarks.elementsEqual(right.watermarks) { $0 == $1 }
    }

    /// `{"head":N,"publishedThrough":N,"sources":{"barts":N}}`; members that did not move are left out. `nil` for
    /// what is no object.
    package init?(_ json: [UInt8]) {
        let isObject = json.withUnsafeBytes { bytes in
            var scan = JSONScan(bytes)
            return scan.members { name, value in
                if bytes.equals(name, "head") {
                    head = bytes.integer(value)
                } else if bytes.equals(name, "publishedThrough") {
                    publishedThrough = bytes.integer(value)
                } else if bytes.equals(name, "sources") {
                    var inner = JSONScan(bytes, at: value.lowerBound)
                    _ = inner.members { name, value in
                        guard let hie = HIEIdentifier(String(decoding: bytes[name], as: UTF8.self)),
                            let watermark = bytes.integer(value)
                        else { return }
                        watermarks.append((hie, watermark))
                    }
                }
            }
        }
        guard isObject else { return nil }
    }
}

/// Follows `GET /api/progress` of one worker until it is closed; connects again when the connection ends.
///
/// It lives on one event loop, where it is started and closed and calls back.
package final class ProgressFeed: @unchecked Sendable {  // whatever changes is touched on its event loop only
    private static let reconnectMilliseconds: Int64 = 200
    private static let connectSeconds: Int64 = 5
    /// The worker writes a comment every 10 s.
    private static let silenceSeconds: Int64 = 35
    fileprivate static let eventBytesMax = 4 << 20

    private let host: String
    private let port: Int
    private let eventLoop: any EventLoop
    private let onEvent: (ProgressEvent, _ at: UInt64) -> Void
    private var channel: (any Channel)?
    private var watchdog: Scheduled<Void>?
    private var isClosed = false
    /// Whether a worker answers at present.
    package private(set) var isConnected = false

    package init(
        host: String, port: Int, on eventLoop: any EventLoop,
        _ onEvent: @escaping (ProgressEvent, _ at: UInt64) -> Void
    ) {
        self.host = host
        self.port = port
        self.eventLoop = eventLoop
        self.onEvent = onEvent
    }

    package func start() {
        eventLoop.preconditionInEventLoop()
        guard !isClosed else { return }
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(Self.connectSeconds))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FeedHandler(self))
                }
            }
        bootstrap.connect(host: host, port: port).whenComplete { result in
            switch result {
            case .success(let channel): self.began(channel)
            case .failure: self.startLater()
            }
        }
    }

    package func close() {
        eventLoop.preconditionInEventLoop()
        isClosed = true
        watchdog?.cancel()
        channel?.close(promise: nil)
        channel = nil
    }

    private func began(_ channel: any Channel) {
        guard !isClosed else { return channel.close(promise: nil) }
        self.channel = channel
        heard()
        let request = HTTPRequest.get(
            "/api/progress", host: "\(host):\(port)", headers: [("Accept", "text/event-stream")])
        channel.writeAndFlush(request.bytes, promise: nil)
    }

    private func startLater() {
        guard !isClosed else { return }
        eventLoop.scheduleTask(in: .milliseconds(Self.reconnectMilliseconds)) { self.start() }
    }

    private func heard() {
        watchdog?.cancel()
        watchdog = eventLoop.scheduleTask(in: .seconds(Self.silenceSeconds)) { self.channel?.close(promise: nil) }
    }

    fileprivate func take(_ events: [EventReader.Event]) {
        guard !isClosed else { return }
        heard()
        let now = HTTPLane.now
        isConnected = true
        for event in events where event.name == "progress" {
            if let progress = ProgressEvent(event.data) { onEvent(progress, now) }
        }
    }

    fileprivate func ended() {
        isConnected = false
        channel = nil
        watchdog?.cancel()
        startLater()
    }
}

private final class FeedHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let feed: ProgressFeed
    private var response = ResponseReader(bodyBytesMax: ProgressFeed.eventBytesMax)
    private var events = EventReader()

    init(_ feed: ProgressFeed) { self.feed = feed }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do throws(ResponseReader.Failure) {
            // An answer that ends is none: it is asked for again.
            guard try response.read(unwrapInboundIn(data)) == nil, response.status ?? 200 == 200 else {
                return context.close(promise: nil)
            }
            feed.take(events.read(response.takeBody().readableBytesView))
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { feed.ended() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
