/// Why something asked of a broker did not happen. The description is safe to log: it never holds a password or a body.
package struct AMQPError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, for code that decides on it.
    package enum Code: String, Sendable {
        /// The broker's URL or its settings cannot be used.
        case invalidURL
        /// The caller asked for something AMQP cannot carry: a name over 255 bytes, a header too large.
        case invalidArgument
        /// No connection to the broker's address.
        case unreachable
        /// The broker did not answer within the time limit.
        case timedOut
        /// User, password or certificate not accepted.
        case authenticationRefused
        /// The TLS files are unusable or the broker's certificate is not trusted.
        case tlsFailed
        /// 404: no such queue, exchange or virtual host.
        case notFound
        /// 406: it exists with other arguments.
        case preconditionFailed
        /// 403: the user lacks a permission.
        case accessRefused
        /// 405: another connection holds the queue exclusively.
        case resourceLocked
        /// The broker closed one channel.
        case channelClosed
        /// The broker, or the network, ended the connection.
        case connectionClosed
        /// Nothing was heard from the broker for two heartbeat intervals.
        case heartbeatMissed
        /// `Session.interrupt()` was called.
        case interrupted
        /// `Session.close()` was called.
        case closed
        /// The session has ended before; `cause` says why.
        case ended
        /// The broker takes no messages at present (memory or disk alarm).
        case blocked
        /// The task that waited was cancelled.
        case cancelled
        /// The broker ended the consumer: its queue was deleted or moved.
        case cancelledByBroker
        /// A limit of the session is reached.
        case limitReached
        /// The broker sent what AMQP 0-9-1 does not allow.
        case protocolViolated
    }

    package let code: Code
    /// A sentence for the operator, with what to do where that is known.
    package let reason: String
    /// The broker's reply code (AMQP 0-9-1 section 1.2), when the broker said no.
    package let replyCode: UInt16?
    package let cause: (any Error)?

    package init(_ code: Code, _ reason: String, replyCode: UInt16? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.reason = reason
        self.replyCode = replyCode
        self.cause = cause
    }

    package var description: String {
        let number = replyCode.map { " (\($0))" } ?? ""
        return "\(reason)\(number) [\(code.rawValue)]"
    }
}
