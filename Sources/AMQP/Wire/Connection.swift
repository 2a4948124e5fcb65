import CRabbitMQ
import Glibc

/// A logged-in connection of librabbitmq: frames in, methods and messages out. It belongs to one thread (two would
/// abort the process) and blocks that thread only in a send that the socket does not take.
final class Connection {
    let handle: amqp_connection_state_t
    /// The socket, to wait for. Never read or closed here.
    let descriptor: Int32
    /// The largest frame that both sides accept, in bytes.
    let frameMax: Int
    let pool = Pool()
    private let lifeline: Lifeline
    private var isDestroyed = false

    init(handle: amqp_connection_state_t, lifeline: Lifeline) {
        self.handle = handle
        self.lifeline = lifeline
        descriptor = amqp_get_sockfd(handle)
        frameMax = Int(amqp_get_frame_max(handle))
    }

    /// Hands the next frame that has arrived to `handler`, without waiting. False when there is none.
    ///
    /// librabbitmq sends and checks heartbeats in here, so it must be called at least every half interval.
    func nextFrame(_ handler: (Frame) throws(AMQPError) -> Void) throws(AMQPError) -> Bool {
        var frame = amqp_frame_t()
        var noTime = timeval(tv_sec: 0, tv_usec: 0)
        let status = amqp_simple_wait_frame_noblock(handle, &frame, &noTime)
        if status == AMQP_STATUS_TIMEOUT.rawValue { return false }
        try check(status, "waiting for the broker")
        defer { if !isDestroyed { amqp_maybe_release_buffers_on_channel(handle, frame.channel) } }
        try handler(Frame(frame))
        return true
    }

    /// Whether the socket takes a fair amount of data at once.
    var isWritable: Bool {
        var socket = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&socket, 1, 0) == 1
    }

    /// While corked the kernel gathers what is written into full packets, for 200 ms at most (tcp(7)).
    func setCorked(_ isCorked: Bool) {
        var value: Int32 = isCorked ? 1 : 0
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_CORK, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Throws what a negative status means; a cut from outside goes before what librabbitmq makes of it.
    func check(_ status: Int32, _ doing: String) throws(AMQPError) {
        guard status < 0 else { return }
        throw lifeline.cutReason ?? AMQPError(status: status, doing: doing)
    }

    /// Closes the socket and frees everything. The lifeline shuts it down first, since a TLS farewell could wait.
    func destroy() {
        guard !isDestroyed else { return }
        isDestroyed = true
        lifeline.release()
        amqp_destroy_connection(handle)
    }

    deinit { destroy() }
}
