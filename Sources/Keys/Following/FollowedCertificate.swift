package import CareRecord

/// One certificate of a worker's TLS files.
package struct FollowedCertificate: Sendable, Hashable {
    package enum Kind: String, Sendable {
        /// The worker's own.
        case own
        /// One that vouches for a broker, or for the worker's own.
        case authority
    }

    /// Its path.
    package let file: String
    package let kind: Kind
    /// `nil` for a file that cannot be read.
    package let facts: CertificateFacts?

    package func state(at now: Timestamp) -> CertificateState { facts?.state(at: now) ?? .unreadable }

    /// The file's name without its folders.
    package var fileName: String { String(file.split(separator: "/").last ?? "") }
}

/// What a look at a worker's TLS files has found.
package struct KeyFinding: Sendable, Hashable {
    package enum Verdict: Sendable, Hashable {
        /// The files go together; another fingerprint is another content.
        case usable(fingerprint: String)
        /// The certificate is another account's than the worker's.
        case foreign(reason: String)
        /// A file cannot be read, or is not of the same set as another: it may be right a moment later.
        case unusable(reason: String)
    }

    /// The own ones first. Of authorities of one name in one file, the one that ends last.
    package let certificates: [FollowedCertificate]
    package let verdict: Verdict
}
