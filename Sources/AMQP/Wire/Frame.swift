/// What the broker sends, in Swift's terms. A body fragment is valid only while the frame is being handled.
enum Frame {
    case content(channel: UInt16, ContentAssembler.Announcement)
    case header(channel: UInt16, bodySize: UInt64, Message)
    case body(channel: UInt16, UnsafeRawBufferPointer)
    /// `basic.ack` and `basic.nack` of published messages.
    case settled(channel: UInt16, number: UInt64, isMultiple: Bool, isRefused: Bool)
    case consumerCancelled(channel: UInt16)
    /// The answer to the channel's call.
    case reply(channel: UInt16, Reply)
    case channelClosed(channel: UInt16, replyCode: UInt16, text: String)
    case flow(channel: UInt16, isActive: Bool)
    case connectionClosed(replyCode: UInt16, text: String)
    case connectionCloseAccepted
    case blocked(reason: String)
    case unblocked
    /// A method that a broker has no business sending.
    case unexpected(method: UInt32)
}

/// The broker's answer to a `Request`.
enum Reply: Equatable {
    /// Done, with nothing to tell; the method says what was done.
    case done(method: UInt32)
    case queue(QueueCounts)
    /// The number of messages purged or deleted.
    case count(UInt32)
}

/// A method that the broker answers with one of its own on the same channel.
enum Request {
    case openChannel
    case closeChannel
    case selectConfirms
    case declareExchange(
        name: String, kind: String, isPassive: Bool, isDurable: Bool, isAutoDelete: Bool, isInternal: Bool,
        arguments: [String: Field])
    case deleteExchange(name: String, onlyIfUnused: Bool)
    case declareQueue(
        name: String, isPassive: Bool, isDurable: Bool, isExclusive: Bool, isAutoDelete: Bool,
        arguments: [String: Field])
    case bindQueue(queue: String, exchange: String, routingKey: String, arguments: [String: Field])
    case unbindQueue(queue: String, exchange: String, routingKey: String, arguments: [String: Field])
    case purgeQueue(name: String)
    case deleteQueue(name: String, onlyIfUnused: Bool, onlyIfEmpty: Bool)
    case limitPrefetch(UInt16)
    case consume(queue: String, tag: String, isExclusive: Bool)
    case cancelConsumer(tag: String)

    /// What it is for, as error texts say it.
    var purpose: String {
        switch self {
        case .openChannel: "opening a channel"
        case .closeChannel: "closing a channel"
        case .selectConfirms: "asking for confirms"
        case .declareExchange(let name, _, let isPassive, _, _, _, _):
            "\(isPassive ? "inspecting" : "declaring") exchange \(name)"
        case .deleteExchange(let name, _): "deleting exchange \(name)"
        case .declareQueue(let name, let isPassive, _, _, _, _):
            "\(isPassive ? "inspecting" : "declaring") queue \(name)"
        case .bindQueue(let queue, let exchange, let key, _): "binding queue \(queue) to \(exchange) with key \(key)"
        case .unbindQueue(let queue, let exchange, let key, _):
            "unbinding queue \(queue) from \(exchange) with key \(key)"
        case .purgeQueue(let name): "purging queue \(name)"
        case .deleteQueue(let name, _, _): "deleting queue \(name)"
        case .limitPrefetch: "limiting the prefetch"
        case .consume(let queue, _, _): "consuming from queue \(queue)"
        case .cancelConsumer: "cancelling a consumer"
        }
    }
}
