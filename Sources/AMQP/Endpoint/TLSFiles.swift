/// The PEM files for a TLS connection.
package struct TLSFiles: Sendable, Hashable {
    /// Debian's bundle of public certificate authorities: used for an `amqps` URL that comes without files.
    package static let system = TLSFiles(ca: "/etc/ssl/certs/ca-certificates.crt")

    /// Path of the certificates of the authorities that are trusted to vouch for the broker.
    package let ca: String
    /// Path of the client's own certificate (with its chain), or nil for none.
    package let certificate: String?
    /// Path of the unencrypted private key of `certificate`.
    package let key: String?

    package init(ca: String, certificate: String? = nil, key: String? = nil) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }
}
