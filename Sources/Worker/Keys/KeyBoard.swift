package import Keys
import Synchronization

/// What the worker's TLS files hold at present, as far as was seen.
package final class KeyBoard: Sendable {
    private let latest = Mutex<[FollowedCertificate]>([])

    /// None where the worker has no TLS files.
    package var certificates: [FollowedCertificate] { latest.withLock { $0 } }

    func take(_ finding: KeyFinding) { latest.withLock { $0 = finding.certificates } }
}
