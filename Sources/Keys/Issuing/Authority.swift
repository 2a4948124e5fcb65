package import CareRecord
import Crypto
import Foundation
import SwiftASN1
import X509

/// A private certificate authority: its certificate, and the key that it signs with.
package struct Authority: Sendable {
    /// How far a certificate's time begins before it is issued: other machines' clocks may be slow.
    static let backDatingMilliseconds: Int64 = 10 * 60_000
    static let dayMilliseconds: Int64 = 86_400_000
    package static let nameMaxBytes = 64

    let certificate: Certificate
    private let key: Certificate.PrivateKey

    private init(certificate: Certificate, key: Certificate.PrivateKey) {
        self.certificate = certificate
        self.key = key
    }

    /// Makes an authority and its directory; refuses one that is there.
    package static func make(
        in directory: KeyDirectory, name: String, days: Int, now: Timestamp
    ) throws(KeysError) -> IssuedCertificate {
        try KeyFile.makeDirectory(directory.path)
        return try directory.alone { () throws(KeysError) in
            let pair = directory.authority
            for file in [pair.certificate, pair.key] where KeyFile.exists(file) {
                throw KeysError(
                    .exists,
                    """
                    \(file) is there already, and every certificate that it has signed would be worth nothing: \
                    give another --dir, or move it away
                    """)
            }
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let subject = try KeysError.encoding("the name") { try DistinguishedName { CommonName(name) } }
            let certificate = try selfSigned(
                subject, key, lifetimeMilliseconds: Int64(days) * dayMilliseconds, now: now)
            try PEMKey.write(key, to: pair.key)
            try PEMCertificates.write(certificate, to: pair.certificate)
            return IssuedCertificate(pair, .issued, until: CertificateFacts(certificate).until)
        }
    }

    /// Reads the directory's authority; its time may be over.
    static func load(from directory: KeyDirectory) throws(KeysError) -> Authority {
        let pair = directory.authority
        guard KeyFile.exists(pair.certificate) else {
            throw KeysError(
                .unreadable,
                "\(pair.certificate) is not there: make an authority with wherry pki init --dir \(directory.path)")
        }
        guard KeyFile.exists(pair.key) else {
            throw KeysError(
                .unreadable,
                "\(pair.key) is not there, and nothing can be signed without it: bring it back from where it is kept")
        }
        let certificate = try PEMCertificates.readFirst(pair.certificate)
        let key = try PEMKey.read(pair.key)
        guard certificate.publicKey == key.publicKey else {
            throw KeysError(.refused, "\(pair.key) is not the key of \(pair.certificate): put the two together again")
        }
        guard case .isCertificateAuthority? = try? certificate.extensions.basicConstraints else {
            throw KeysError(.refused, "\(pair.certificate) is not an authority's certificate: give another --dir")
        }
        return Authority(certificate: certificate, key: key)
    }

    func hasSigned(_ certificate: Certificate) -> Bool {
        certificate.issuer == self.certificate.subject
            && self.certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
    }

    /// A certificate that ends when the authority's own does, where that is earlier.
    func sign(
        _ holder: Holder, _ publicKey: Certificate.PublicKey, lifetimeMilliseconds: Int64, now: Timestamp
    ) throws(KeysError) -> Certificate {
        let own = CertificateFacts(certificate)
        guard own.until > now, own.from <= now else {
            throw KeysError(
                .refused,
                """
                the authority \(own.subject) is good from \(own.from.text) to \(own.until.text), and not now: check \
                this machine's clock, or renew it with wherry pki renew
                """)
        }
        let until = min(own.until, Timestamp(milliseconds: now.milliseconds + lifetimeMilliseconds))
        return try KeysError.encoding("the certificate of \(holder.name)") {
            try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
                notValidBefore: Self.begin(now), notValidAfter: until.date, issuer: certificate.subject,
                subject: try holder.subject,
                extensions: try Certificate.Extensions(Array(try holder.extensions) + identifiers(of: publicKey)),
                issuerPrivateKey: key)
        }
    }

    /// The same authority with a certificate of the same length from now on: what it has signed stays good.
    func renewed(now: Timestamp) throws(KeysError) -> Authority {
        let lifetime = CertificateFacts(certificate).lifetimeMilliseconds
        let renewed = try Self.selfSigned(certificate.subject, key, lifetimeMilliseconds: lifetime, now: now)
        return Authority(certificate: renewed, key: key)
    }

    /// Which key a certificate has, and which one has signed it (RFC 5280, sections 4.2.1.1 and 4.2.1.2).
    private func identifiers(of publicKey: Certificate.PublicKey) throws -> [Certificate.Extension] {
        let signer =
            try certificate.extensions.subjectKeyIdentifier ?? SubjectKeyIdentifier(hash: certificate.publicKey)
        return [
            try Certificate.Extension(SubjectKeyIdentifier(hash: publicKey), critical: false),
            try Certificate.Extension(AuthorityKeyIdentifier(keyIdentifier: signer.keyIdentifier), critical: false),
        ]
    }

    private static func selfSigned(
        _ subject: DistinguishedName, _ key: Certificate.PrivateKey, lifetimeMilliseconds: Int64, now: Timestamp
    ) throws(KeysError) -> Certificate {
        try KeysError.encoding("the authority's certificate") {
            try Certificate(
                version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
                notValidBefore: begin(now),
                notValidAfter: Timestamp(milliseconds: now.milliseconds + lifetimeMilliseconds).date,
                issuer: subject, subject: subject,
                extensions: try Certificate.Extensions {
                    // It signs nobody who signs others.
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: key.publicKey)
                },
                issuerPrivateKey: key)
        }
    }

    private static func begin(_ now: Timestamp) -> Date {
        Timestamp(milliseconds: now.milliseconds - backDatingMilliseconds).date
    }
}
