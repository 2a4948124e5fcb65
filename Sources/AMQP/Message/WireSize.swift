/// What the wire can carry, checked before a byte is written: librabbitmq notices too late or aborts.
enum WireSize {
    /// A short string has one byte for its length (AMQP 0-9-1 section 4.2.5.3).
    static let shortStringMaxBytes = 255
    /// A frame's header and end (section 4.2.3).
    static let frameOverheadBytes = 8
    /// Class, weight, body size and property flags in a content header (section 4.2.6.1).
    private static let contentHeaderBytes = 14

    /// Throws unless `name` fits a short string.
    static func checkName(_ name: String, _ what: String) throws(AMQPError) {
        guard name.utf8.count <= shortStringMaxBytes else {
            throw AMQPError(.invalidArgument, "the \(what) is longer than \(shortStringMaxBytes) bytes")
        }
    }

    /// Throws unless a table of arguments fits a method's frame beside its names.
    static func checkArguments(_ arguments: [String: Field], frameMax: Int) throws(AMQPError) {
        guard try bytes(of: arguments, depth: 1) + 1_024 <= frameMax else {
            throw AMQPError(.invalidArgument, "the arguments do not fit a frame of \(frameMax) bytes")
        }
    }

    /// Throws unless the message can be published as it is.
    static func check(_ outgoing: Outgoing, frameMax: Int, bodySizeMax: Int) throws(AMQPError) {
        try checkName(outgoing.exchange, "exchange name")
        try checkName(outgoing.routingKey, "routing key")
        let message = outgoing.message
        guard message.body.count <= bodySizeMax else {
            throw AMQPError(
                .invalidArgument, "the body has \(message.body.count) bytes, above the limit of \(bodySizeMax)")
        }
        var header = frameOverheadBytes + contentHeaderBytes + 10
        for (text, what) in message.shortStrings {
            guard let text else { continue }
            try checkName(text, what)
            header += 1 + text.utf8.count
        }
        header += try bytes(of: message.headers, depth: 1)
        guard header <= frameMax else {
            throw AMQPError(.invalidArgument, "the headers have \(header) bytes and do not fit a frame of \(frameMax)")
        }
        // The broker would close the channel, and every message in flight with it.
        if let expiration = message.expiration, UInt32(expiration) == nil {
            throw AMQPError(.invalidArgument, "the expiration is not a number of milliseconds")
        }
        for name in ["CC", "BCC"] {
            if let field = message.headers[name], !field.isListOfStrings {
                throw AMQPError(.invalidArgument, "the header \(name) is not an array of strings")
            }
        }
    }

    private static func bytes(of table: [String: Field], depth: Int) throws(AMQPError) -> Int {
        var size = 4
        for (key, field) in table {
            try checkName(key, "name of a header or argument")
            size += 1 + key.utf8.count + (try bytes(of: field, depth: depth))
        }
        return size
    }

    private static func bytes(of field: Field, depth: Int) throws(AMQPError) -> Int {
        guard depth <= Field.depthMax else {
            throw AMQPError(.invalidArgument, "headers are nested more than \(Field.depthMax) deep")
        }
        switch field {
        case .void: return 1
        case .bool: return 2
        case .decimal: return 6
        case .int, .double, .timestamp: return 9
        case .string(let text): return 5 + text.utf8.count
        case .bytes(let bytes): return 5 + bytes.count
        case .table(let table): return 1 + (try bytes(of: table, depth: depth + 1))
        case .array(let items):
            var size = 5
            for item in items { size += try bytes(of: item, depth: depth + 1) }
            return size
        }
    }
}

extension Field {
    fileprivate var isListOfStrings: Bool {
        guard case .array(let items) = self else { return false }
        return items.allSatisfy { $0.string != nil }
    }
}

extension Message {
    /// The properties that are short strings, with the words for them in error texts.
    fileprivate var shortStrings: [(String?, String)] {
        [
            (contentType, "content type"), (contentEncoding, "content encoding"), (messageID, "message id"),
            (correlationID, "correlation id"), (replyTo, "reply-to"), (type, "type"), (appID, "app id"),
            (userID, "user id"), (expiration, "expiration"),
        ]
    }
}
