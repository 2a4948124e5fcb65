import COpenSSL

/// What is known of a connection with TLS that did not come about: the library that opens it says only that it failed.
struct TLSFindings: Sendable, Hashable {
    /// A certificate's own words; times are such as `2026-11-30T12:00:00Z`.
    struct Certificate: Sendable, Hashable {
        var subject, from, until: String
        /// By this machine's clock.
        var isEarly = false, isLate = false
    }

    /// Why the broker's certificate was not accepted.
    struct Refusal: Sendable, Hashable {
        /// X509_V_ERR_… (OpenSSL, x509_vfy.h).
        var code: Int32
        /// The same in OpenSSL's words.
        var text: String
        /// Which one of its chain: 0 is the broker's own.
        var depth: Int32
        var certificate: Certificate
    }

    var refusal: Refusal?
    /// The alert that the broker sent (RFC 8446, section 6).
    var alert: Int32?
    /// Whether something answered that is not TLS.
    var isOtherProtocol = false
    /// The DNS names in the broker's certificate.
    var names = ""
    /// The client's certificate, where it has one.
    var own: Certificate?

    init() {}

    /// What this thread has found since its last call of `wherry_tls_watch`.
    init(own: Certificate?, lifeline: Lifeline) {
        self.own = own
        wherry_tls_note_errors()
        if wherry_tls_alert() == 0 { lifeline.withDescriptor { wherry_tls_read_last_words($0) } }
        alert = wherry_tls_alert() == 0 ? nil : wherry_tls_alert()
        isOtherProtocol = wherry_tls_peer_speaks_otherwise()
        names = String(cString: wherry_tls_names())
        guard wherry_tls_refusal() != 0, let refused = wherry_tls_refused() else { return }
        refusal = Refusal(
            code: wherry_tls_refusal(), text: String(cString: wherry_tls_refusal_text()),
            depth: wherry_tls_refusal_depth(), certificate: Certificate(refused))
    }
}

extension TLSFindings.Certificate {
    init(_ certificate: UnsafePointer<wherry_tls_certificate>) {
        self.init(
            subject: String(cString: wherry_tls_subject_of(certificate)),
            from: String(cString: wherry_tls_from_of(certificate)),
            until: String(cString: wherry_tls_until_of(certificate)), isEarly: certificate.pointee.is_early,
            isLate: certificate.pointee.is_late)
    }
}
