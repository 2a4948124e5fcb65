/// Puts the content of one channel together: a method, a header, body frames (AMQP 0-9-1 section 2.3.5.2).
struct ContentAssembler {
    /// The method that announces a content.
    enum Announcement: Equatable {
        case delivery(number: UInt64, isRedelivered: Bool, exchange: String, routingKey: String)
        case returned(replyCode: UInt16, reason: String, exchange: String, routingKey: String)
    }

    struct Content: Equatable {
        let announcement: Announcement
        var message: Message
        /// What the header said, in bytes; the body in `message` is shorter when it was truncated.
        let bodySize: UInt64
        var isTruncated: Bool { bodySize > UInt64(message.body.count) }
    }

    private enum State {
        case idle
        case announced(Announcement)
        case filling(Content, missingBytes: UInt64)
    }

    let bodySizeMaxBytes: Int
    private var state = State.idle

    init(bodySizeMaxBytes: Int) { self.bodySizeMaxBytes = bodySizeMaxBytes }

    mutating func begin(_ announcement: Announcement) throws(AMQPError) {
        guard case .idle = state else { throw Self.disorder("a method inside a content") }
        state = .announced(announcement)
    }

    /// Returns the content when its body is empty. `message` has no body yet.
    mutating func header(bodySize: UInt64, message: Message) throws(AMQPError) -> Content? {
        guard case .announced(let announcement) = state else { throw Self.disorder("a header without its method") }
        var content = Content(announcement: announcement, message: message, bodySize: bodySize)
        if bodySize == 0 {
            state = .idle
            return content
        }
        content.message.body.reserveCapacity(Int(min(bodySize, UInt64(bodySizeMaxBytes))))
        state = .filling(content, missingBytes: bodySize)
        return nil
    }

    /// Returns the content when this was its last fragment.
    mutating func body(_ fragment: UnsafeRawBufferPointer) throws(AMQPError) -> Content? {
        guard case .filling(var content, let missingBytes) = state else {
            throw Self.disorder("a body without its header")
        }
        guard fragment.count <= missingBytes else { throw Self.disorder("a body longer than its header says") }
        state = .idle  // gives up the other reference, so that appending copies nothing
        content.message.body.append(contentsOf: fragment.prefix(bodySizeMaxBytes - content.message.body.count))
        let rest = missingBytes - UInt64(fragment.count)
        if rest == 0 { return content }
        state = .filling(content, missingBytes: rest)
        return nil
    }

    private static func disorder(_ what: String) -> AMQPError {
        AMQPError(.protocolViolated, "the broker sent \(what)")
    }
}
