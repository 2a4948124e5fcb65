package import CareRecord

/// What became of one certificate.
package struct IssuedCertificate: Sendable, Hashable {
    package enum Act: String, Sendable {
        case issued
        /// It is good as it is.
        case kept
        case renewed
        case requested
        /// Nothing was done.
        case refused
    }

    /// Of the certificate, or of the request.
    package let file: String
    package let act: Act
    /// `nil` for a request.
    package let until: Timestamp?
    /// Why it was issued anew, or refused and what to do.
    package let reason: String?

    init(_ pair: KeyPair, _ act: Act, until: Timestamp?, reason: String? = nil) {
        file = act == .requested ? pair.request : pair.certificate
        self.act = act
        self.until = until
        self.reason = reason
    }

    /// What `work` has made, or why it has made nothing: the others go on.
    static func outcome(
        of pair: KeyPair, _ work: () throws(KeysError) -> IssuedCertificate
    ) -> IssuedCertificate {
        do throws(KeysError) {
            return try work()
        } catch {
            return IssuedCertificate(pair, .refused, until: nil, reason: error.reason)
        }
    }
}
