package import NIOCore
import NIOPosix

/// Requests to one server over connections that are kept: lean, because it carries thousands of them a second.
///
/// It lives on one event loop: `submit` is called there, and calls back there. A connection carries one request at a
/// time; nothing is sent twice. It ends with `close()`.
package final class HTTPLane: @unchecked Sendable {  // whatever changes is touched on its event loop only
    package struct Limits: Sendable {
        package var connectionsMax = 32
        package var waitingMax = 100_000
        package var connectSecondsMax = 5
        /// From `submit` to the end of the answer.
        package var answerSecondsMax = 10
        package var bodyBytesMax = 16 << 20

        package init() {}
    }

    package enum Outcome: Sendable {
        case answered(HTTPAnswer)
        /// Nothing of it was sent.
        case unsent(String)
        /// It was sent, and what became of it is not known.
        case unknown(String)
    }

    /// Moments are nanoseconds of the monotonic clock.
    package struct Reply: Sendable {
        package let outcome: Outcome
        /// When it was handed to a connection; when it failed where it was not.
        package let sentAt: UInt64
        package let endedAt: UInt64
    }

    struct Pending {
        let request: HTTPRequest
        let deadline: UInt64
        let completion: (Reply) -> Void
    }

    private static let sweepMilliseconds: Int64 = 100

    package let eventLoop: any EventLoop
    package let host: String
    package let port: Int
    /// For the `Host` field.
    package var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    let limits: Limits
    private var pool: LanePool<Pending>
    private var connections: [Int: LaneConnection] = [:]
    private var isSweeping = false
    private var isClosed = false

    package init(host: String, port: Int, on eventLoop: any EventLoop, limits: Limits = Limits()) {
        self.host = host
        self.port = port
        self.eventLoop = eventLoop
        self.limits = limits
        pool = LanePool(connectionsMax: limits.connectionsMax, waitingMax: limits.waitingMax)
    }

    package static var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    /// Requests that wait for a connection. On the event loop only.
    package var waitingCount: Int { pool.waitingCount }
    /// Whether a request that comes now need not wait. On the event loop only.
    package var hasRoom: Bool { pool.hasRoom }

    /// On the event loop only, where `completion` is called, once.
    package func submit(_ request: HTTPRequest, _ completion: @escaping (Reply) -> Void) {
        eventLoop.preconditionInEventLoop()
        let deadline = Self.now + UInt64(limits.answerSecondsMax) * 1_000_000_000
        let pending = Pending(request: request, deadline: deadline, completion: completion)
        guard !isClosed else { return fail(pending, .unsent("the lane is closed")) }
        act(pool.submit(pending))
        sweepLater()
    }

    /// From anywhere.
    package func answer(to request: HTTPRequest) async -> Reply {
        await withCheckedContinuation { continuation in
            eventLoop.execute { self.submit(request) { continuation.resume(returning: $0) } }
        }
    }

    /// Ends what waits and what is under way; requests that come later find connections again. On the event loop only.
    package func drop(_ reason: String) {
        eventLoop.preconditionInEventLoop()
        for pending in pool.removeAllWaiting() { fail(pending, .unsent(reason)) }
        for connection in Array(connections.values) { connection.end(reason) }
    }

    /// On the event loop only.
    package func close() {
        isClosed = true
        drop("the lane is closed")
    }

    private func act(_ action: LanePool<Pending>.Action) {
        switch action {
        case .send(let pending, let id):
            guard let connection = connections[id] else { return fail(pending, .unsent("the connection has ended")) }
            connection.send(pending)
        case .connect(let id): connect(id)
        case .refuse(let pending): fail(pending, .unsent("more than \(limits.waitingMax) requests wait"))
        case .none: break
        }
    }

    private func fail(_ pending: Pending, _ outcome: Outcome) {
        // Later, so that nobody is called back from within the call that failed.
        let bound = NIOLoopBound(pending, eventLoop: eventLoop)
        eventLoop.execute {
            let now = Self.now
            bound.value.completion(Reply(outcome: outcome, sentAt: now, endedAt: now))
        }
    }

    private func connect(_ id: Int) {
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(.seconds(Int64(limits.connectSecondsMax)))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(LaneConnection(self, id: id))
                }
            }
        let connected =
            if let address = try? SocketAddress(ipAddress: host, port: port) {
                bootstrap.connect(to: address)
            } else {
                bootstrap.connect(host: host, port: port)
            }
        connected.whenFailure { error in
            for pending in self.pool.connectFailed() {
                self.fail(pending, .unsent("no connection to \(self.authority): \(error)"))
            }
        }
    }

    /// Ends what has waited for too long, as long as there is anything.
    private func sweepLater() {
        guard !isSweeping else { return }
        isSweeping = true
        eventLoop.scheduleTask(in: .milliseconds(Self.sweepMilliseconds)) {
            self.isSweeping = false
            self.sweep()
        }
    }

    private func sweep() {
        let now = Self.now
        while let first = pool.firstWaiting, first.deadline <= now, let pending = pool.removeFirstWaiting() {
            fail(pending, .unsent("no connection came free within \(limits.answerSecondsMax) s"))
        }
        for connection in Array(connections.values) where connection.isLate(at: now) {
            connection.end("no answer within \(limits.answerSecondsMax) s")
        }
        if pool.waitingCount > 0 || connections.values.contains(where: \.isBusy) { sweepLater() }
    }
}

// MARK: - What its connections tell

extension HTTPLane {
    func connected(_ connection: LaneConnection) {
        guard !isClosed else { return connection.end("the lane is closed") }
        connections[connection.id] = connection
        act(pool.connected(connection.id))
    }

    func isFree(_ connection: LaneConnection) { act(pool.isFree(connection.id)) }

    func ended(_ connection: LaneConnection) {
        guard connections.removeValue(forKey: connection.id) != nil, !isClosed else { return }
        act(pool.closed(connection.id))
    }
}
