package import CareRecord
import Crypto
import SwiftASN1
import X509

/// Issues certificates and requests into a directory. What is there and good is kept, so that doing it again changes
/// nothing.
package struct Issuing: Sendable {
    let directory: KeyDirectory
    let days: Int
    let now: Timestamp

    package init(_ directory: KeyDirectory, days: Int, now: Timestamp) {
        self.directory = directory
        self.days = days
        self.now = now
    }

    package func certificates(for holders: [Holder]) throws(KeysError) -> [IssuedCertificate] {
        try directory.alone { () throws(KeysError) in
            let authority = try Authority.load(from: directory)
            return holders.map { holder in
                IssuedCertificate.outcome(of: directory.pair(of: holder)) { () throws(KeysError) in
                    try certificate(for: holder, by: authority)
                }
            }
        }
    }

    /// For an authority elsewhere, which answers each with a certificate.
    package func requests(for holders: [Holder]) throws(KeysError) -> [IssuedCertificate] {
        try KeyFile.makeDirectory(directory.path)
        return try directory.alone { () throws(KeysError) in
            holders.map { holder in
                IssuedCertificate.outcome(of: directory.pair(of: holder)) { () throws(KeysError) in
                    try request(for: holder)
                }
            }
        }
    }

    private func certificate(for holder: Holder, by authority: Authority) throws(KeysError) -> IssuedCertificate {
        let pair = directory.pair(of: holder)
        let key = try key(of: pair)
        var reason: String?
        if KeyFile.exists(pair.certificate) {
            let present = try PEMCertificates.readFirst(pair.certificate)
            guard authority.hasSigned(present) else {
                throw KeysError(
                    .refused,
                    """
                    \(pair.certificate) was issued by \(present.issuer), not by \(directory.authority.certificate): \
                    move it away to have another in its place
                    """)
            }
            reason = try flaw(of: present, for: holder, key: key)
            if reason == nil { return IssuedCertificate(pair, .kept, until: CertificateFacts(present).until) }
        }
        let certificate = try authority.sign(
            holder, key.publicKey, lifetimeMilliseconds: Int64(days) * Authority.dayMilliseconds, now: now)
        try PEMCertificates.write(certificate, to: pair.certificate)
        return IssuedCertificate(pair, .issued, until: CertificateFacts(certificate).until, reason: reason)
    }

    private func request(for holder: Holder) throws(KeysError) -> IssuedCertificate {
        let pair = directory.pair(of: holder)
        let key = try key(of: pair)
        let attributes = try KeysError.encoding("the request of \(holder.name)") {
            let wanted = ExtensionRequest(extensions: try holder.extensions)
            return CertificateSigningRequest.Attributes([try CertificateSigningRequest.Attribute(wanted)])
        }
        let subject = try KeysError.encoding("the name of \(holder.name)") { try holder.subject }
        if let text = try? KeyFile.text(pair.request), let present = try? CertificateSigningRequest(pemEncoded: text),
            present.publicKey == key.publicKey, present.subject == subject, present.attributes == attributes
        {
            return IssuedCertificate(pair, .requested, until: nil, reason: "as before")
        }
        let text = try KeysError.encoding("the request of \(holder.name)") {
            try CertificateSigningRequest(version: .v1, subject: subject, privateKey: key, attributes: attributes)
                .serializeAsPEM().pemString
        }
        try KeyFile.write(text + "\n", to: pair.request, for: .everybody)
        return IssuedCertificate(pair, .requested, until: nil)
    }

    /// The key that is there, or else another.
    private func key(of pair: KeyPair) throws(KeysError) -> Certificate.PrivateKey {
        if KeyFile.exists(pair.key) { return try PEMKey.read(pair.key) }
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        try PEMKey.write(key, to: pair.key)
        return key
    }

    /// Why the certificate that is there does not do.
    private func flaw(
        of certificate: Certificate, for holder: Holder, key: Certificate.PrivateKey
    ) throws(KeysError) -> String? {
        let facts = CertificateFacts(certificate)
        let subject = try KeysError.encoding("the name of \(holder.name)") { try holder.subject }
        if certificate.publicKey != key.publicKey { return "its key was another" }
        if facts.until <= now { return "it had expired" }
        if facts.from > now { return "its time had not begun" }
        if certificate.subject != subject { return "it was for \(facts.subject)" }
        if Set(facts.names) != Set(holder.names) { return "its names were others" }
        return nil
    }
}
