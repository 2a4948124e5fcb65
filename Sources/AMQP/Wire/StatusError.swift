import CRabbitMQ

extension AMQPError {
    /// What a negative status of librabbitmq means. `doing` completes "while …".
    init(status: Int32, doing: String) {
        let said = amqp_error_string2(status).map { String(cString: $0) } ?? "unknown error"
        switch amqp_status_enum(status) {
        case AMQP_STATUS_HEARTBEAT_TIMEOUT:
            self.init(.heartbeatMissed, "nothing was heard from the broker for two heartbeat intervals")
        case AMQP_STATUS_TIMEOUT:
            self.init(.timedOut, "the broker did not answer in time while \(doing)")
        case AMQP_STATUS_CONNECTION_CLOSED, AMQP_STATUS_SOCKET_CLOSED, AMQP_STATUS_SOCKET_ERROR, AMQP_STATUS_TCP_ERROR,
            AMQP_STATUS_SSL_ERROR:
            self.init(.connectionClosed, "the connection to the broker broke while \(doing): \(said)")
        default:
            self.init(.protocolViolated, "the broker sent what was not understood while \(doing): \(said)")
        }
    }

    /// What a reply code of the broker means (AMQP 0-9-1 section 1.2). The text names broker objects, never contents.
    init(replyCode: UInt16, text: String, doing: String, isWholeConnection: Bool) {
        let code: Code =
            switch replyCode {
            case 403: .accessRefused
            case 404: .notFound
            case 405: .resourceLocked
            case 406: .preconditionFailed
            default: isWholeConnection ? .connectionClosed : .channelClosed
            }
        self.init(code, "\(doing): \(text)", replyCode: replyCode)
    }
}
