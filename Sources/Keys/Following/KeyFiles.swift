package import AMQP
import Crypto
import Foundation
import X509

/// A worker's TLS files, which are looked at again and again, on a thread that may wait for a disk.
package final class KeyFiles: Sendable {
    private let files: TLSFiles
    /// Whose certificate the own one has to be; `nil` where the worker logs in another way.
    private let account: String?
    private let queue = DispatchQueue(label: "wherry.key.files")

    package init(_ files: TLSFiles, account: String?) {
        self.files = files
        self.account = account
    }

    /// What the files hold at present.
    package func look() async -> KeyFinding {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.lookNow()) }
        }
    }

    private func lookNow() -> KeyFinding {
        var look = Look()
        if let certificate = files.certificate, let key = files.key { look.read(certificate, key, account: account) }
        // The bundle of public authorities is the system's to keep.
        if files.ca != TLSFiles.system.ca { look.readAuthorities(files.ca) }
        return look.finding
    }
}

/// One look, file after file; the first flaw decides.
private struct Look {
    private var certificates: [FollowedCertificate] = []
    private var hash = SHA256()
    private var flaw: KeyFinding.Verdict?

    var finding: KeyFinding {
        let fingerprint = hash.finalize().map { String(format: "%02x", $0) }.joined()
        return KeyFinding(certificates: certificates, verdict: flaw ?? .usable(fingerprint: fingerprint))
    }

    mutating func read(_ certificate: String, _ key: String, account: String?) {
        var chain: [Certificate] = []
        note { hash throws(KeysError) in chain = try Self.certificates(certificate, &hash) }
        add(certificate, .own, chain.first.map { [CertificateFacts($0)] } ?? [])
        if chain.count > 1 { add(certificate, .authority, chain.dropFirst().map { CertificateFacts($0) }) }
        guard let own = chain.first else { return }
        let facts = CertificateFacts(own)
        note { hash throws(KeysError) in
            hash.update(data: try KeyFile.bytes(key))
            guard try PEMKey.read(key).publicKey == own.publicKey else {
                throw KeysError(.refused, "the key \(key) does not belong to the certificate \(certificate)")
            }
        }
        guard let account, facts.commonName != account, flaw == nil else { return }
        flaw = .foreign(
            reason: """
                the certificate \(certificate) is that of \(facts.subject), not of \(account): give those of \
                \(account) with --tls-cert and --tls-key
                """)
    }

    mutating func readAuthorities(_ path: String) {
        var chain: [Certificate] = []
        note { hash throws(KeysError) in chain = try Self.certificates(path, &hash) }
        add(path, .authority, chain.map { CertificateFacts($0) })
    }

    private static func certificates(_ path: String, _ hash: inout SHA256) throws(KeysError) -> [Certificate] {
        hash.update(data: try KeyFile.bytes(path))
        return try PEMCertificates.read(path)
    }

    /// Of those with the same name the one that ends last: the others have a successor.
    private mutating func add(_ path: String, _ kind: FollowedCertificate.Kind, _ facts: [CertificateFacts]) {
        let latest = Dictionary(facts.map { ($0.subject, $0) }) { $0.until < $1.until ? $1 : $0 }
        let shown = facts.filter { latest[$0.subject] == $0 }
        certificates += shown.map { FollowedCertificate(file: path, kind: kind, facts: $0) }
        if facts.isEmpty { certificates.append(FollowedCertificate(file: path, kind: kind, facts: nil)) }
    }

    private mutating func note(_ work: (inout SHA256) throws(KeysError) -> Void) {
        do throws(KeysError) {
            try work(&hash)
        } catch {
            flaw = flaw ?? .unusable(reason: error.reason)
        }
    }
}
