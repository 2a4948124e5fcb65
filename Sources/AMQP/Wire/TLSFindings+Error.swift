extension TLSFindings {
    /// X509_V_ERR_… that mean one thing to an operator (OpenSSL, x509_vfy.h).
    private enum Reason {
        case unknownAuthority
        case notYetValid
        case expired
        case wrongPurpose
        case other

        init(_ code: Int32) {
            switch code {
            // No issuer, self-signed, not verified, a signature or key identifier of another of the same name.
            case 2, 7, 18, 19, 20, 21, 27, 30: self = .unknownAuthority
            case 9: self = .notYetValid
            case 10: self = .expired
            case 26: self = .wrongPurpose
            default: self = .other
            }
        }
    }

    /// Why there is no connection, and what to do; `nil` where TLS has nothing to do with it.
    func error(at endpoint: Endpoint) -> AMQPError? {
        if let refusal { return AMQPError(.tlsFailed, text(of: refusal, endpoint)) }
        if let alert { return error(of: alert, endpoint) }
        guard isOtherProtocol else { return nil }
        return AMQPError(
            .tlsFailed,
            "\(endpoint.address) answers, but not with TLS: write amqp:// for that port, or give the port that has TLS"
        )
    }

    /// The broker's certificate is good, but for others.
    func hostError(at endpoint: Endpoint) -> AMQPError {
        let others = names.isEmpty ? "has no DNS name in it" : "is for \(names)"
        return AMQPError(
            .tlsFailed,
            "the certificate of \(endpoint.address) is not for \(endpoint.host) but \(others): use a DNS name "
                + "that is in it as the address, or have the broker's certificate issued for this one")
    }

    /// The broker has no account for the certificate.
    func loginError(at endpoint: Endpoint, _ text: String) -> AMQPError {
        let file = endpoint.tls?.certificate ?? ""
        return AMQPError(
            .authenticationRefused,
            "\(endpoint.address) has no account for the certificate \(file) (\(own?.subject ?? "")): make the "
                + "account that it names there, or give the certificate of one that is there: \(text)",
            replyCode: 403)
    }

    private func text(of refusal: Refusal, _ endpoint: Endpoint) -> String {
        let certificate = refusal.certificate
        let whose =
            refusal.depth == 0
            ? "the certificate of \(endpoint.address)"
            : "the authority's certificate \(certificate.subject), which vouches for \(endpoint.address),"
        switch Reason(refusal.code) {
        case .unknownAuthority:
            return "the certificate of \(endpoint.address) is not signed by an authority that is in the CA file "
                + "\(endpoint.tls?.ca ?? "") (\(refusal.text): \(certificate.subject)): put the certificate of the "
                + "authority that signed it there"
        case .expired:
            return
                "\(whose) expired on \(certificate.until): have it renewed, or set this machine's clock"
        case .notYetValid:
            return "\(whose) is good only from \(certificate.from) on: compare this machine's clock with that of who "
                + "issued it"
        case .wrongPurpose:
            return "\(whose) is not for a server: have it issued with the extended key usage serverAuth"
        case .other:
            return "\(whose) is not accepted (\(refusal.text)): check it, and the CA file \(endpoint.tls?.ca ?? "")"
        }
    }

    /// RFC 8446, section 6.2.
    private func error(of alert: Int32, _ endpoint: Endpoint) -> AMQPError {
        let address = endpoint.address
        guard let own, let file = endpoint.tls?.certificate else {
            switch alert {
            case 40, 42, 116:
                return AMQPError(
                    .authenticationRefused,
                    "\(address) wants a certificate of its client: give one with its key, or make the broker take none")
            default: return Self.handshakeError(alert, address)
            }
        }
        let text: String
        switch alert {
        case 45 where own.isEarly:
            text = "it is good only from \(own.from) on: compare this machine's clock with that of who issued it"
        case 45 where own.isLate:
            text = "it expired on \(own.until): renew it"
        case 45:
            text =
                "by the broker's clock it is not good, but it is from \(own.from) to \(own.until): compare the clocks"
        case 44:
            text = "it was revoked: have another issued"
        case 48:
            text =
                "the broker does not know the authority that signed it: have it issued by one that the broker trusts, "
                + "or put that authority's certificate into the broker's CA file"
        case 40, 42, 43, 46, 49, 51, 116:
            text =
                "alert \(alert): have it issued for clients (extended key usage clientAuth) by an authority that the "
                + "broker trusts"
        default: return Self.handshakeError(alert, address)
        }
        return AMQPError(.authenticationRefused, "\(address) refuses the certificate \(file) (\(own.subject)): \(text)")
    }

    private static func handshakeError(_ alert: Int32, _ address: String) -> AMQPError {
        switch alert {
        case 40, 70, 71:
            AMQPError(
                .tlsFailed,
                "\(address) and this machine have no way of TLS in common: the broker has to offer TLS 1.2 or 1.3"
            )
        default:
            AMQPError(.tlsFailed, "\(address) ended the TLS handshake with alert \(alert): the broker's log says why")
        }
    }
}
