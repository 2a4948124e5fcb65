import CRabbitMQ
import Glibc

extension Connection {
    /// A session needs few channels: one to publish, one for each consumer, some for declarations.
    static let channelMax: UInt16 = 256

    /// Resolves, connects, shakes hands and logs in: blocks until `deadline` (monotonic nanoseconds), name resolution
    /// possibly longer.
    static func open(
        _ endpoint: Endpoint, settings: SessionSettings, lifeline: Lifeline, deadline: UInt64
    ) throws(AMQPError) -> Connection {
        guard let handle = amqp_new_connection() else { throw AMQPError(.limitReached, "out of memory") }
        do throws(AMQPError) {
            let socket = try makeSocket(endpoint, handle)
            var patience = remaining(until: deadline)
            let status = amqp_socket_open_noblock(socket, endpoint.host, Int32(endpoint.port), &patience)
            if let reason = lifeline.cutReason { throw reason }
            if status != AMQP_STATUS_OK.rawValue { throw openingError(status, endpoint) }
            guard lifeline.hold(amqp_get_sockfd(handle)) else {
                throw lifeline.cutReason ?? AMQPError(.limitReached, "the limit of open files is reached")
            }
            try logIn(endpoint, settings: settings, handle: handle, lifeline: lifeline, deadline: deadline)
        } catch {
            lifeline.release()
            amqp_destroy_connection(handle)
            throw error
        }
        return Connection(handle: handle, lifeline: lifeline)
    }

    /// The socket belongs to the handle and is freed with it.
    private static func makeSocket(
        _ endpoint: Endpoint, _ handle: amqp_connection_state_t
    ) throws(AMQPError) -> OpaquePointer {
        guard let tls = endpoint.tls else {
            guard let socket = amqp_tcp_socket_new(handle) else { throw AMQPError(.limitReached, "out of memory") }
            return socket
        }
        guard let socket = amqp_ssl_socket_new(handle) else { throw AMQPError(.tlsFailed, "TLS cannot be set up") }
        for path in [tls.ca, tls.certificate, tls.key].compactMap(\.self) where access(path, R_OK) != 0 {
            throw AMQPError(.tlsFailed, "the file \(path) for TLS cannot be read: check its path and permissions")
        }
        guard amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(.tlsFailed, "TLS 1.2 is not available")
        }
        guard amqp_ssl_socket_set_cacert(socket, tls.ca) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(.tlsFailed, "\(tls.ca) holds no certificate in PEM form")
        }
        if let certificate = tls.certificate, let key = tls.key {
            amqp_ssl_socket_set_key_passwd(socket, "")  // else an encrypted key asks at the terminal
            guard amqp_ssl_socket_set_key(socket, certificate, key) == AMQP_STATUS_OK.rawValue else {
                throw AMQPError(
                    .tlsFailed, "\(certificate) and \(key) are not a certificate and its unencrypted key in PEM form")
            }
        }
        return socket
    }

    private static func logIn(
        _ endpoint: Endpoint, settings: SessionSettings, handle: amqp_connection_state_t, lifeline: Lifeline,
        deadline: UInt64
    ) throws(AMQPError) {
        let pool = Pool()
        var properties = pool.table(clientProperties(settings))
        var patience = remaining(until: deadline)
        amqp_set_handshake_timeout(handle, &patience)
        let channels = Int32(channelMax)
        let frame = Int32(min(max(settings.frameSizeMaxBytes, 4_096), 16 * 1_024 * 1_024))
        let heartbeat = Int32(max(settings.heartbeatSeconds, 1))
        let reply =
            switch endpoint.authentication {
            case .plain(let user, let password):
                wherry_login_plain(
                    handle, endpoint.virtualHost, channels, frame, heartbeat, &properties, user, password)
            case .external(let identity):
                wherry_login_external(handle, endpoint.virtualHost, channels, frame, heartbeat, &properties, identity)
            }
        if reply.reply_type == AMQP_RESPONSE_NORMAL { return }
        if let reason = lifeline.cutReason { throw reason }
        throw loginError(reply, endpoint)
    }

    private static func clientProperties(_ settings: SessionSettings) -> [String: Field] {
        [
            "product": "wherry",
            "connection_name": .string(settings.name),
            // librabbitmq's own table lacks some of these: without them the broker is silent about alarms and cancels.
            "capabilities": .table([
                "connection.blocked": true,
                "consumer_cancel_notify": true,
                "publisher_confirms": true,
                "basic.nack": true,
                "authentication_failure_close": true,
            ]),
        ]
    }

    private static func remaining(until deadline: UInt64) -> timeval {
        let now = Monotonic.now()
        let left = deadline > now ? (deadline - now) / 1_000 : 0
        return timeval(tv_sec: Int(left / 1_000_000), tv_usec: Int(left % 1_000_000))
    }

    private static func openingError(_ status: Int32, _ endpoint: Endpoint) -> AMQPError {
        switch amqp_status_enum(status) {
        case AMQP_STATUS_TIMEOUT:
            AMQPError(.timedOut, "no answer from \(endpoint.address) within the time limit")
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
            AMQPError(.unreachable, "the host name \(endpoint.host) has no address: check its spelling and the DNS")
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
            AMQPError(
                .tlsFailed,
                "the certificate of \(endpoint.address) is not for \(endpoint.host): use the DNS name that is in it")
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
            AMQPError(
                .tlsFailed,
                "the certificate of \(endpoint.address) is not signed by the given authority, or is out of date: "
                    + "check the CA file \(endpoint.tls?.ca ?? "")")
        case AMQP_STATUS_SSL_CONNECTION_FAILED, AMQP_STATUS_SSL_ERROR:
            AMQPError(
                .tlsFailed,
                "no TLS connection with \(endpoint.address): check that the port speaks TLS 1.2 or later, that the CA "
                    + "file \(endpoint.tls?.ca ?? "") signed the broker's certificate, and the client certificate")
        default:
            AMQPError(.unreachable, "nothing answers at \(endpoint.address): is the broker running, is the port right?")
        }
    }

    private static func loginError(_ reply: amqp_rpc_reply_t, _ endpoint: Endpoint) -> AMQPError {
        if reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION, reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD,
            let close = reply.reply.decoded?.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
        {
            let text = close.reply_text.string
            switch close.reply_code {
            case 403:
                return AMQPError(
                    .authenticationRefused, "\(endpoint.address) refused the login: \(text)", replyCode: 403)
            case 530 where text.contains("not found"):
                return AMQPError(.notFound, "virtual host \(endpoint.virtualHost): \(text)", replyCode: 530)
            case 530:
                return AMQPError(.accessRefused, "virtual host \(endpoint.virtualHost): \(text)", replyCode: 530)
            default:
                return AMQPError(
                    replyCode: close.reply_code, text: text, doing: "logging in to \(endpoint.address)",
                    isWholeConnection: true)
            }
        }
        switch amqp_status_enum(reply.library_error) {
        case AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD:
            return AMQPError(
                .authenticationRefused,
                "\(endpoint.address) does not offer this way to log in: for certificates enable the plugin "
                    + "rabbitmq_auth_mechanism_ssl and the mechanism EXTERNAL")
        case AMQP_STATUS_TIMEOUT:
            return AMQPError(.timedOut, "\(endpoint.address) did not complete the login within the time limit")
        case AMQP_STATUS_CONNECTION_CLOSED, AMQP_STATUS_SOCKET_ERROR, AMQP_STATUS_SSL_ERROR:
            return AMQPError(
                .connectionClosed,
                "\(endpoint.address) hung up during the login: is it an AMQP broker, "
                    + (endpoint.tls == nil ? "and does the port want amqps?" : "and does it accept the certificate?"))
        default:
            return AMQPError(status: reply.library_error, doing: "logging in to \(endpoint.address)")
        }
    }
}
