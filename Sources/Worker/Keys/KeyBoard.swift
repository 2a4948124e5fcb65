package import Keys
import NIOConcurrencyHelpers

/// What the worker's TLS files hold at present, as far as was seen.
package final class KeyBoard: Sendable {
    private let latest = NIOLockedValueBox<[FollowedCertificate]>([])

    /// None where the worker has no TLS files.
    package var certificates: [FollowedCertificate] { latest.withLockedValue { $0 } }

    func take(_ finding: KeyFinding) { latest.withLockedValue { $0 = finding.certificates } }
}
