package import CareRecord
import Crypto
import X509

/// Issues anew what a directory's authority has issued, before it ends.
package struct Renewal: Sendable {
    /// Which certificates.
    package enum Choice: Sendable, Hashable {
        case endingWithin(milliseconds: Int64)
        /// Every one that was issued; the authority's own only if it ends within that time.
        case all(authorityWithin: Int64)
    }

    /// What becomes of the keys of those that are issued anew. The authority keeps its own, or it would be another one.
    package enum Keys: Sendable, Hashable {
        case kept
        case made
    }

    let directory: KeyDirectory
    let choice: Choice
    let keys: Keys
    /// `nil` for as long as the one before.
    let days: Int?
    let now: Timestamp

    package init(_ directory: KeyDirectory, _ choice: Choice, keys: Keys, days: Int?, now: Timestamp) {
        self.directory = directory
        self.choice = choice
        self.keys = keys
        self.days = days
        self.now = now
    }

    /// One line for every certificate of the directory.
    package func run() throws(KeysError) -> [IssuedCertificate] {
        try directory.alone { () throws(KeysError) in
            var authority = try Authority.load(from: directory)
            let pair = directory.authority
            var done: [IssuedCertificate] = []
            if ends(authority.certificate, within: authorityWithin) {
                authority = try authority.renewed(now: now)
                try PEMCertificates.write(authority.certificate, to: pair.certificate)
                done.append(line(pair, .renewed, authority.certificate, "give every machine this file"))
            } else {
                done.append(line(pair, .kept, authority.certificate))
            }
            done += try directory.issued(in: Holder.hies).map { pair in
                renew(pair, by: authority) { _ in HIEIdentifier(pair.name).map { .hie($0) } }
            }
            done += try directory.issued(in: Holder.brokers).map { pair in
                renew(pair, by: authority) { .broker(region: pair.name, names: $0) }
            }
            return done
        }
    }

    private func renew(
        _ pair: KeyPair, by authority: Authority, _ holder: (_ names: [String]) -> Holder?
    ) -> IssuedCertificate {
        IssuedCertificate.outcome(of: pair) { () throws(KeysError) in try renewed(pair, by: authority, holder) }
    }

    private func renewed(
        _ pair: KeyPair, by authority: Authority, _ holder: (_ names: [String]) -> Holder?
    ) throws(KeysError) -> IssuedCertificate {
        let present = try PEMCertificates.readFirst(pair.certificate)
        let facts = CertificateFacts(present)
        guard authority.hasSigned(present) else {
            throw KeysError(.refused, "\(pair.certificate) was issued by \(facts.issuer): have it renewed there")
        }
        guard let holder = holder(facts.names) else {
            throw KeysError(.refused, "\(pair.certificate) is no HIE's: move it away")
        }
        switch choice {
        case .all: break
        case .endingWithin(let milliseconds):
            guard ends(present, within: milliseconds) else { return line(pair, .kept, present) }
        }
        let key: Certificate.PrivateKey
        switch keys {
        case .kept: key = try PEMKey.read(pair.key)
        case .made:
            key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            // The key first: should the certificate never follow, issue makes one for the key that is there.
            try PEMKey.write(key, to: pair.key)
        }
        let certificate = try authority.sign(
            holder, key.publicKey,
            lifetimeMilliseconds: days.map { Int64($0) * Authority.dayMilliseconds } ?? facts.lifetimeMilliseconds,
            now: now)
        try PEMCertificates.write(certificate, to: pair.certificate)
        return line(pair, .renewed, certificate)
    }

    private var authorityWithin: Int64 {
        switch choice {
        case .endingWithin(let milliseconds), .all(let milliseconds): milliseconds
        }
    }

    private func ends(_ certificate: Certificate, within milliseconds: Int64) -> Bool {
        CertificateFacts(certificate).until.since(now) < milliseconds
    }

    private func line(
        _ pair: KeyPair, _ act: IssuedCertificate.Act, _ certificate: Certificate, _ reason: String? = nil
    ) -> IssuedCertificate {
        IssuedCertificate(pair, act, until: CertificateFacts(certificate).until, reason: reason)
    }
}
