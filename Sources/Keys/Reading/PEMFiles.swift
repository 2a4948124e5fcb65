import SwiftASN1
import X509

/// A file of certificates in PEM form.
enum PEMCertificates {
    /// All of them, in the file's order: the first is the holder's own, others vouch for it. Never empty.
    static func read(_ path: String) throws(KeysError) -> [Certificate] {
        let text = try KeyFile.text(path)
        let certificates: [Certificate]
        do {
            certificates = try PEMDocument.parseMultiple(pemString: text)
                .filter { $0.discriminator == Certificate.defaultPEMDiscriminator }
                .map { try Certificate(pemDocument: $0) }
        } catch {
            throw KeysError(.unreadable, "\(path) holds a certificate that cannot be read: \(error)", cause: error)
        }
        guard !certificates.isEmpty else {
            throw KeysError(.unreadable, "\(path) holds no certificate in PEM form: is it the right file?")
        }
        return certificates
    }

    /// The holder's own.
    static func readFirst(_ path: String) throws(KeysError) -> Certificate { try read(path)[0] }

    static func write(_ certificate: Certificate, to path: String) throws(KeysError) {
        let text = try KeysError.encoding("the certificate") { try certificate.serializeAsPEM().pemString }
        try KeyFile.write(text + "\n", to: path, for: .everybody)
    }
}

/// A file of a private key in PEM form.
enum PEMKey {
    static func read(_ path: String) throws(KeysError) -> Certificate.PrivateKey {
        let text = try KeyFile.text(path)
        // Both the form of PKCS #8 and the older one say so in words (RFC 7468 section 11, RFC 1421 section 4.6.1.1).
        guard !text.contains("ENCRYPTED") else {
            throw KeysError(
                .unreadable, "\(path) is encrypted, and a worker has nobody to ask: decrypt it with openssl pkey")
        }
        do {
            return try Certificate.PrivateKey(pemEncoded: text)
        } catch {
            throw KeysError(
                .unreadable, "\(path) holds no private key in PEM form: is it the right file?", cause: error)
        }
    }

    static func write(_ key: Certificate.PrivateKey, to path: String) throws(KeysError) {
        let text = try KeysError.encoding("the key") { try key.serializeAsPEM().pemString }
        try KeyFile.write(text + "\n", to: path, for: .owner)
    }
}
