import CareRecord
import Keys
import Logging
import ServiceLifecycle

/// Looks at the TLS files while the worker runs. When they have changed and go together, connections that use them are
/// replaced by others; until then those that are there stay.
struct KeyWatch: Service {
    private static let part = "keys"
    /// How often what is about to end is said again.
    private static let warningMilliseconds: Int64 = 86_400_000

    let files: KeyFiles
    let intervalMilliseconds: Int64
    let board: TopologyBoard
    let keys: KeyBoard
    let pauses: PauseBoard
    let clock: WallClock
    let logger: Logger

    func run() async throws {
        var considered: KeyFinding?
        var before: KeyFinding?
        var warnedAt: Timestamp?
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            let finding = await files.look()
            // Files that are still being written are let be: they count once two looks in a row find the same.
            if finding == before, finding != considered {
                considered = finding
                consider(finding)
            }
            before = finding
            if warnedAt.map({ clock.now.isPast($0, byMilliseconds: Self.warningMilliseconds) }) ?? true {
                warnedAt = clock.now
                warn()
            }
            _ = try? await cancelWhenGracefulShutdown { [intervalMilliseconds] in
                try await Task.sleep(for: .milliseconds(intervalMilliseconds))
            }
        }
    }

    private func consider(_ finding: KeyFinding) {
        keys.take(finding)
        switch finding.verdict {
        case .usable(let fingerprint):
            if pauses.resume(Self.part) { logger.notice("part.resumed", metadata: ["part": "\(Self.part)"]) }
            guard board.take(keys: fingerprint) else { return }
            logger.notice("keys.changed", metadata: metadata(of: finding.certificates.first))
            warn()
        case .foreign(let reason), .unusable(let reason):
            let shown = "connections stay as they are, and new ones may fail: \(reason)"
            if pauses.pause(Self.part, reason: shown, now: clock.now) {
                logger.warning("part.paused", metadata: ["part": "\(Self.part)", "reason": "\(shown)"])
            }
        }
    }

    private func warn() {
        let now = clock.now
        for certificate in keys.certificates {
            let state = certificate.state(at: now)
            guard state != .valid else { continue }
            var metadata = metadata(of: certificate)
            metadata["certificate.state"] = "\(state.words)"
            metadata["advice"] = "put another in its place: it is taken up without a restart"
            logger.warning("certificate.ends", metadata: metadata)
        }
    }

    private func metadata(of certificate: FollowedCertificate?) -> Logger.Metadata {
        guard let certificate else { return [:] }
        var metadata: Logger.Metadata = ["certificate.file": "\(certificate.file)"]
        guard let facts = certificate.facts else { return metadata }
        metadata["certificate.subject"] = "\(facts.subject)"
        metadata["certificate.serial"] = "\(facts.serial)"
        metadata["certificate.until"] = "\(facts.until.text)"
        return metadata
    }
}
