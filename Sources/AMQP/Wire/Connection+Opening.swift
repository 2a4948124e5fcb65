import COpenSSL
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
        defer { wherry_tls_forget() }
        do throws(AMQPError) {
            let (socket, own) = try makeSocket(endpoint, handle)
            var patience = remaining(until: deadline)
            let status = amqp_socket_open_noblock(socket, endpoint.host, Int32(endpoint.port), &patience)
            if let reason = lifeline.cutReason { throw reason }
            if status != AMQP_STATUS_OK.rawValue {
                throw openingError(status, endpoint, TLSFindings(own: own, lifeline: lifeline))
            }
            guard lifeline.hold(amqp_get_sockfd(handle)) else {
                throw lifeline.cutReason ?? AMQPError(.limitReached, "the limit of open files is reached")
            }
            let reply = logIn(endpoint, settings: settings, handle: handle, deadline: deadline)
            if reply.reply_type != AMQP_RESPONSE_NORMAL {
                throw lifeline.cutReason ?? loginError(reply, endpoint, TLSFindings(own: own, lifeline: lifeline))
            }
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
    ) throws(AMQPError) -> (socket: OpaquePointer, own: TLSFindings.Certificate?) {
        if let tls = endpoint.tls { return try makeTLSSocket(tls, handle) }
        guard let socket = amqp_tcp_socket_new(handle) else { throw AMQPError(.limitReached, "out of memory") }
        return (socket, nil)
    }

    private static func logIn(
        _ endpoint: Endpoint, settings: SessionSettings, handle: amqp_connection_state_t, deadline: UInt64
    ) -> amqp_rpc_reply_t {
        let pool = Pool()
        var properties = pool.table(clientProperties(settings))
        var patience = remaining(until: deadline)
        amqp_set_handshake_timeout(handle, &patience)
        let channels = Int32(channelMax)
        let frame = Int32(min(max(settings.frameSizeMaxBytes, 4_096), 16 * 1_024 * 1_024))
        let heartbeat = Int32(max(settings.heartbeatSeconds, 1))
        return switch endpoint.authentication {
        case .plain(let user, let password):
            wherry_login_plain(handle, endpoint.virtualHost, channels, frame, heartbeat, &properties, user, password)
        case .external(let identity):
            wherry_login_external(handle, endpoint.virtualHost, channels, frame, heartbeat, &properties, identity)
        }
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

    private static func openingError(_ status: Int32, _ endpoint: Endpoint, _ tls: TLSFindings) -> AMQPError {
        if let error = tls.error(at: endpoint) { return error }
        return switch amqp_status_enum(status) {
        case AMQP_STATUS_TIMEOUT:
            AMQPError(.timedOut, "no answer from \(endpoint.address) within the time limit")
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
            AMQPError(.unreachable, "the host name \(endpoint.host) has no address: check its spelling and the DNS")
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED:
            tls.hostError(at: endpoint)
        case AMQP_STATUS_SSL_PEER_VERIFY_FAILED, AMQP_STATUS_SSL_CONNECTION_FAILED, AMQP_STATUS_SSL_ERROR:
            AMQPError(
                .tlsFailed,
                "\(endpoint.address) ended the TLS handshake without a word: does that port speak TLS 1.2 or later?")
        default:
            AMQPError(.unreachable, "nothing answers at \(endpoint.address): is the broker running, is the port right?")
        }
    }

    private static func loginError(
        _ reply: amqp_rpc_reply_t, _ endpoint: Endpoint, _ tls: TLSFindings
    ) -> AMQPError {
        if reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION, reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD,
            let close = reply.reply.decoded?.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
        {
            let text = close.reply_text.string
            switch close.reply_code {
            case 403 where tls.own != nil && endpoint.isByCertificate:
                return tls.loginError(at: endpoint, text)
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
        if let error = tls.error(at: endpoint) { return error }
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
                    + (endpoint.tls == nil
                        ? "and does the port want TLS? Then write amqps:// and give its CA file"
                        : "and does it accept the certificate?"))
        default:
            return AMQPError(status: reply.library_error, doing: "logging in to \(endpoint.address)")
        }
    }
}
