import COpenSSL
import CRabbitMQ
import Foundation

extension Connection {
    /// A socket with its TLS files, and what the client's certificate says. The socket belongs to the handle and is
    /// freed with it.
    static func makeTLSSocket(
        _ tls: TLSFiles, _ handle: amqp_connection_state_t
    ) throws(AMQPError) -> (socket: OpaquePointer, own: TLSFindings.Certificate?) {
        guard let socket = amqp_ssl_socket_new(handle), let context = amqp_ssl_socket_get_context(socket) else {
            throw AMQPError(.tlsFailed, "TLS cannot be set up")
        }
        wherry_tls_watch(context)
        let files: [(String, String?)] = [("CA file", tls.ca), ("certificate", tls.certificate), ("key", tls.key)]
        for case (let what, let path?) in files { try checkReadable(path, what) }
        guard amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(.tlsFailed, "TLS 1.2 is not available")
        }
        guard amqp_ssl_socket_set_cacert(socket, tls.ca) == AMQP_STATUS_OK.rawValue else {
            throw AMQPError(.tlsFailed, "the CA file \(tls.ca) holds no certificate in PEM form: is it the right file?")
        }
        guard let certificate = tls.certificate, let key = tls.key else { return (socket, nil) }
        amqp_ssl_socket_set_key_passwd(socket, "")  // else an encrypted key asks at the terminal
        let isSet = amqp_ssl_socket_set_key(socket, certificate, key) == AMQP_STATUS_OK.rawValue
        if wherry_tls_has_foreign_key(context) {
            throw AMQPError(
                .tlsFailed,
                "the key \(key) does not belong to the certificate \(certificate): give the key it was issued for")
        }
        let own = wherry_tls_own(context).map { TLSFindings.Certificate($0) }
        guard isSet else {
            if own == nil {
                throw AMQPError(.tlsFailed, "\(certificate) holds no certificate in PEM form: is it the right file?")
            }
            throw AMQPError(.tlsFailed, unusableKey(key))
        }
        return (socket, own)
    }

    private static func checkReadable(_ path: String, _ what: String) throws(AMQPError) {
        guard access(path, R_OK) != 0 else { return }
        let advice = errno == ENOENT ? "is not there: check its path" : "cannot be read: check its permissions"
        throw AMQPError(.tlsFailed, "the \(what) \(path) for TLS \(advice)")
    }

    private static func unusableKey(_ path: String) -> String {
        // Both the form of PKCS #8 and the older one say so in words (RFC 7468 section 11, RFC 1421 section 4.6.1.1).
        let isEncrypted = (try? String(contentsOfFile: path, encoding: .utf8))?.contains("ENCRYPTED") == true
        return isEncrypted
            ? "the key \(path) is encrypted, and there is nobody to ask: decrypt it with openssl pkey"
            : "\(path) holds no private key in PEM form: is it the right file?"
    }
}
