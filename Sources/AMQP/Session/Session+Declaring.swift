/// Calls that the broker answers. Each takes at most `callTimeoutSeconds` (then the session ends, since the answer
/// could still come) and cannot be cancelled. Those about exchanges and queues have channels of their own, which a
/// refusal costs.
extension Session {
    /// Declaring what exists with the same properties changes nothing; with others it throws `.preconditionFailed`.
    package func declareExchange(
        _ name: String, kind: ExchangeKind, isDurable: Bool = true, isAutoDelete: Bool = false,
        isInternal: Bool = false, arguments: [String: Field] = [:]
    ) async throws(AMQPError) {
        try check(names: [name], arguments: arguments)
        _ = try await declare(
            .declareExchange(
                name: name, kind: kind.rawValue, isPassive: false, isDurable: isDurable, isAutoDelete: isAutoDelete,
                isInternal: isInternal, arguments: arguments))
    }

    /// Throws `.notFound` unless the exchange exists.
    package func inspectExchange(_ name: String) async throws(AMQPError) {
        try check(names: [name])
        _ = try await declare(
            .declareExchange(
                name: name, kind: "direct", isPassive: true, isDurable: false, isAutoDelete: false, isInternal: false,
                arguments: [:]))
    }

    package func deleteExchange(_ name: String, onlyIfUnused: Bool = false) async throws(AMQPError) {
        try check(names: [name])
        _ = try await declare(.deleteExchange(name: name, onlyIfUnused: onlyIfUnused))
    }

    /// Declaring what exists with the same properties changes nothing; with others it throws `.preconditionFailed`.
    /// For the name "" the broker chooses one. An exclusive queue belongs to this session and goes with it.
    @discardableResult
    package func declareQueue(
        _ name: String, isDurable: Bool = true, isExclusive: Bool = false, isAutoDelete: Bool = false,
        arguments: [String: Field] = [:]
    ) async throws(AMQPError) -> QueueCounts {
        try check(names: [name], arguments: arguments)
        let request = Request.declareQueue(
            name: name, isPassive: false, isDurable: isDurable, isExclusive: isExclusive, isAutoDelete: isAutoDelete,
            arguments: arguments)
        return try counts(try await declare(request))
    }

    /// Throws `.notFound` unless the queue exists.
    package func inspectQueue(_ name: String) async throws(AMQPError) -> QueueCounts {
        try check(names: [name])
        let request = Request.declareQueue(
            name: name, isPassive: true, isDurable: false, isExclusive: false, isAutoDelete: false, arguments: [:])
        return try counts(try await declare(request))
    }

    package func bindQueue(
        _ queue: String, exchange: String, routingKey: String, arguments: [String: Field] = [:]
    ) async throws(AMQPError) {
        try check(names: [queue, exchange, routingKey], arguments: arguments)
        _ = try await declare(
            .bindQueue(queue: queue, exchange: exchange, routingKey: routingKey, arguments: arguments))
    }

    /// Unbinding what is not bound changes nothing.
    package func unbindQueue(
        _ queue: String, exchange: String, routingKey: String, arguments: [String: Field] = [:]
    ) async throws(AMQPError) {
        try check(names: [queue, exchange, routingKey], arguments: arguments)
        _ = try await declare(
            .unbindQueue(queue: queue, exchange: exchange, routingKey: routingKey, arguments: arguments))
    }

    /// Returns the number of messages that went with it. A queue that does not exist is deleted already.
    @discardableResult
    package func deleteQueue(
        _ name: String, onlyIfEmpty: Bool = false, onlyIfUnused: Bool = false
    ) async throws(AMQPError) -> UInt32 {
        try check(names: [name])
        return try count(
            try await declare(.deleteQueue(name: name, onlyIfUnused: onlyIfUnused, onlyIfEmpty: onlyIfEmpty)))
    }

    /// Returns the number of messages deleted.
    @discardableResult
    package func purgeQueue(_ name: String) async throws(AMQPError) -> UInt32 {
        try check(names: [name])
        return try count(try await declare(.purgeQueue(name: name)))
    }

    /// Sends a request and suspends until the broker has answered it on that channel.
    func call(_ request: Request, on channel: Channel) async throws(AMQPError) -> Reply {
        let connection = try live()
        if channel.isClosed { throw AMQPError(.channelClosed, "\(request.purpose): the channel was closed") }
        let deadline = Monotonic.after(seconds: settings.callTimeoutSeconds)
        let result: Result<Reply, AMQPError> = await withCheckedContinuation { continuation in
            channel.begin(Channel.Call(request: request, deadline: deadline, continuation: continuation))
            earliestDeadline = min(earliestDeadline, deadline)
            do throws(AMQPError) {
                try connection.send(request, on: channel.number)
            } catch {
                end(error)
            }
        }
        return try result.get()
    }

    /// Opens the channel of that number's use; a session has at most `Connection.channelMax`.
    func openChannel(_ use: Channel.Use) async throws(AMQPError) -> Channel {
        let free = (1...Connection.channelMax).first { channels[$0] == nil }
        guard let free else {
            throw AMQPError(.limitReached, "the session has \(Connection.channelMax) channels, which is the limit")
        }
        let channel = Channel(number: free, use: use, bodySizeMaxBytes: settings.bodySizeMaxBytes)
        channels[free] = channel
        _ = try await call(.openChannel, on: channel)
        return channel
    }

    private static let idleChannelsMax = 4

    private func declare(_ request: Request) async throws(AMQPError) -> Reply {
        var channel = idleChannels.popLast()
        while let idle = channel, idle.isClosed { channel = idleChannels.popLast() }
        let used = if let channel { channel } else { try await openChannel(.declaring) }
        let reply = try await call(request, on: used)
        if idleChannels.count < Self.idleChannelsMax {
            idleChannels.append(used)
        } else {
            _ = try await call(.closeChannel, on: used)
        }
        return reply
    }

    private func check(names: [String], arguments: [String: Field] = [:]) throws(AMQPError) {
        let connection = try live()
        for name in names { try WireSize.checkName(name, "name") }
        if !arguments.isEmpty { try WireSize.checkArguments(arguments, frameMax: connection.frameMax) }
    }

    private func counts(_ reply: Reply) throws(AMQPError) -> QueueCounts {
        guard case .queue(let counts) = reply else { throw wrongReply() }
        return counts
    }

    private func count(_ reply: Reply) throws(AMQPError) -> UInt32 {
        guard case .count(let count) = reply else { throw wrongReply() }
        return count
    }

    private func wrongReply() -> AMQPError {
        let error = AMQPError(.protocolViolated, "the broker answered with another method than was called")
        end(error)
        return error
    }
}
