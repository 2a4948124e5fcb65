package import CareRecord
import X509

/// What one certificate of a file says, and whether it can be used.
package struct Inspection: Sendable, Hashable {
    package let file: String
    /// `nil` for what cannot be read.
    package let facts: CertificateFacts?
    package let state: CertificateState
    /// Why it cannot be read.
    package let reason: String?

    /// The certificates of a directory, each against its key and against the directory's authority.
    package static func of(
        _ directory: KeyDirectory, soonMilliseconds: Int64 = CertificateState.soonMilliseconds, now: Timestamp
    ) throws(KeysError) -> [Inspection] {
        let pairs = try directory.certificates()
        guard !pairs.isEmpty else {
            throw KeysError(
                .unreadable,
                """
                there is no certificate in \(directory.path): make an authority with wherry pki init --dir \
                \(directory.path)
                """)
        }
        let authority = try? PEMCertificates.readFirst(directory.authority.certificate)
        return pairs.flatMap { of($0, authority: authority, soonMilliseconds, now) }
    }

    /// The certificates of a file, the first of them against the key beside it: `X.key` of `X.pem`.
    package static func of(
        file: String, soonMilliseconds: Int64 = CertificateState.soonMilliseconds, now: Timestamp
    ) -> [Inspection] {
        let isPEM = file.hasSuffix(".pem") || file.hasSuffix(".crt") || file.hasSuffix(".cer")
        let pair = KeyPair(stem: isPEM ? String(file.dropLast(4)) : file)
        return of(pair, file: file, authority: nil, soonMilliseconds, now)
    }

    private static func of(
        _ pair: KeyPair, file: String? = nil, authority: Certificate?, _ soonMilliseconds: Int64, _ now: Timestamp
    ) -> [Inspection] {
        let file = file ?? pair.certificate
        do throws(KeysError) {
            let certificates = try PEMCertificates.read(file)
            return certificates.enumerated().map { index, certificate in
                let facts = CertificateFacts(certificate)
                let byClock = facts.state(at: now, soonMilliseconds: soonMilliseconds)
                guard index == 0 else { return Inspection(file: file, facts: facts, state: byClock, reason: nil) }
                let (state, reason) = flaw(of: certificate, pair, authority) ?? (byClock, nil)
                return Inspection(file: file, facts: facts, state: state, reason: reason)
            }
        } catch {
            return [Inspection(file: file, facts: nil, state: .unreadable, reason: error.reason)]
        }
    }

    private static func flaw(
        of certificate: Certificate, _ pair: KeyPair, _ authority: Certificate?
    ) -> (CertificateState, String?)? {
        if KeyFile.exists(pair.key) {
            do throws(KeysError) {
                guard try PEMKey.read(pair.key).publicKey == certificate.publicKey else { return (.wrongKey, nil) }
            } catch {
                return (.unreadable, error.reason)
            }
        }
        if let authority, !authority.publicKey.isValidSignature(certificate.signature, for: certificate) {
            return (.wrongAuthority, nil)
        }
        return nil
    }
}
