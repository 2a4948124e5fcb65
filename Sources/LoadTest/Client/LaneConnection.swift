import NIOCore

/// One connection of a lane.
final class LaneConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let id: Int
    private let lane: HTTPLane
    private var reader: ResponseReader
    private var context: ChannelHandlerContext?
    private var pending: HTTPLane.Pending?
    private var sentAt: UInt64 = 0

    init(_ lane: HTTPLane, id: Int) {
        self.lane = lane
        self.id = id
        reader = ResponseReader(bodyBytesMax: lane.limits.bodyBytesMax)
    }

    var isBusy: Bool { pending != nil }

    func isLate(at now: UInt64) -> Bool { pending.map { $0.deadline <= now } ?? false }

    func send(_ pending: HTTPLane.Pending) {
        self.pending = pending
        sentAt = HTTPLane.now
        context?.writeAndFlush(wrapOutboundOut(pending.request.bytes), promise: nil)
    }

    /// Closes it; whoever waits for its answer learns that there is none.
    func end(_ reason: String) {
        let context = context
        self.context = nil
        lane.ended(self)
        context?.close(promise: nil)
        settle(.unknown(reason))
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        lane.connected(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.context != nil else { return }
        do throws(ResponseReader.Failure) {
            guard let answer = try reader.read(unwrapInboundIn(data)) else { return }
            take(answer)
        } catch {
            end(error.reason)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        guard self.context != nil else { return }
        if pending != nil, let answer = try? reader.ended() {
            take(answer)
        } else {
            end("the server closed the connection")
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { end("the connection failed: \(error)") }

    private func take(_ answer: HTTPAnswer) {
        guard pending != nil, answer.keepsAlive, reader.isIdle else {
            // Whoever sends more than was asked for cannot be told apart from the next answer.
            let context = context
            self.context = nil
            lane.ended(self)
            context?.close(promise: nil)
            return settle(.answered(answer))
        }
        settle(.answered(answer)) { lane.isFree(self) }
    }

    private func settle(_ outcome: HTTPLane.Outcome, _ next: () -> Void = {}) {
        let settled = pending
        pending = nil
        let reply = HTTPLane.Reply(outcome: outcome, sentAt: sentAt, endedAt: HTTPLane.now)
        next()
        settled?.completion(reply)
    }
}
