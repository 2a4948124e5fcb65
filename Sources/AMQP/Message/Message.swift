/// A message's body and properties (the basic class of AMQP 0-9-1).
package struct Message: Sendable, Equatable {
    package var body: [UInt8]
    package var contentType: String?
    package var contentEncoding: String?
    package var messageID: String?
    package var correlationID: String?
    package var replyTo: String?
    package var type: String?
    package var appID: String?
    /// The broker refuses a user other than the one logged in.
    package var userID: String?
    /// Milliseconds in decimal digits: a string by AMQP's definition.
    package var expiration: String?
    /// Seconds since 1970.
    package var timestamp: UInt64?
    /// Delivery mode 2: the broker keeps it on disk in a durable queue.
    package var isPersistent: Bool
    package var priority: UInt8?
    package var headers: [String: Field]

    package init(
        body: [UInt8],
        contentType: String? = nil,
        contentEncoding: String? = nil,
        messageID: String? = nil,
        correlationID: String? = nil,
        replyTo: String? = nil,
        type: String? = nil,
        appID: String? = nil,
        userID: String? = nil,
        expiration: String? = nil,
        timestamp: UInt64? = nil,
        isPersistent: Bool = true,
        priority: UInt8? = nil,
        headers: [String: Field] = [:]
    ) {
        self.body = body
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.messageID = messageID
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.type = type
        self.appID = appID
        self.userID = userID
        self.expiration = expiration
        self.timestamp = timestamp
        self.isPersistent = isPersistent
        self.priority = priority
        self.headers = headers
    }
}
