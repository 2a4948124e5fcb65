/// One channel of the connection, used for one thing only, with at most one call under way.
final class Channel {
    enum Use {
        case publishing
        case declaring
        case consuming(ConsumerState)
    }

    struct Call {
        let request: Request
        let deadline: UInt64
        let continuation: Resumption<Reply>
    }

    let number: UInt16
    let use: Use
    var assembler: ContentAssembler
    private(set) var call: Call?
    private(set) var isClosed = false

    init(number: UInt16, use: Use, bodySizeMaxBytes: Int) {
        self.number = number
        self.use = use
        assembler = ContentAssembler(bodySizeMaxBytes: bodySizeMaxBytes)
    }

    func begin(_ call: Call) {
        precondition(self.call == nil, "a channel carries one call at a time")
        self.call = call
    }

    func answer(_ reply: Reply) {
        guard let call else { return }
        self.call = nil
        call.continuation.resume(returning: .success(reply))
    }

    /// The broker closed the channel, or the session ended.
    func end(_ error: AMQPError) {
        isClosed = true
        guard let call else { return }
        self.call = nil
        call.continuation.resume(returning: .failure(error))
    }
}
