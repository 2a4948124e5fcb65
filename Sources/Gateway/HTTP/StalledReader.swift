import NIOCore

/// Ends a connection whose reader takes nothing for so long: what waits to be sent to it takes memory, and a place.
final class StalledReader: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    private let secondsMax: Int64
    private var closing: Scheduled<Void>?

    init(secondsMax: Int) { self.secondsMax = Int64(secondsMax) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        closing?.cancel()
        closing = nil
        if !context.channel.isWritable {
            let channel = context.channel
            closing = context.eventLoop.scheduleTask(in: .seconds(secondsMax)) { channel.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        closing?.cancel()
        context.fireChannelInactive()
    }
}
