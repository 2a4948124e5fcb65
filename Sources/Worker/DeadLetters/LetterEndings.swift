import CareRecord
import NIOConcurrencyHelpers
import Replication
import Storage

/// What was applied that may end letters by itself: a later version of a record that is held, or the very change that
/// was. Collected where changes are applied, dealt with by ``LetterKeeper``.
final class LetterEndings: Sendable {
    struct Found: Sendable {
        /// The highest number of each record.
        var versions: [ResourceOfSource: AppliedVersion] = [:]
        /// Their number has come from the source, or is not missing.
        var filled: [LetterIdentity] = []
        /// There was more than could be remembered: everything is to be looked at.
        var isOverflowing = false
    }

    struct ResourceOfSource: Hashable {
        let source: HIEIdentifier
        let resource: ResourceKey
    }

    private static let foundMax = 100_000

    private let held: HeldBoard
    private let found = NIOLockedValueBox(Found())

    init(held: HeldBoard) { self.held = held }

    func note(_ batches: [ChangeBatch], _ applied: AppliedChanges) {
        guard held.total > 0 else { return }
        for batch in batches where held.isHeld(batch.source) {
            for change in batch.changes where held.isHeld(change.key.resource, of: batch.source) {
                let key = ResourceOfSource(source: batch.source, resource: change.key.resource)
                let version = AppliedVersion(
                    source: batch.source, resource: change.key.resource, epoch: batch.epoch, seq: change.seq)
                found.withLockedValue { found in
                    guard found.versions.count < Self.foundMax else { return found.isOverflowing = true }
                    let known = found.versions[key]
                    if known.map({ ($0.epoch, $0.seq) < (version.epoch, version.seq) }) ?? true {
                        found.versions[key] = version
                    }
                }
            }
        }
        let ended = applied.filled + applied.unneeded
        guard !ended.isEmpty else { return }
        found.withLockedValue { found in
            if found.filled.count < Self.foundMax {
                found.filled += ended
            } else {
                found.isOverflowing = true
            }
        }
    }

    func take() -> Found {
        found.withLockedValue { found in
            defer { found = Found() }
            return found
        }
    }

    /// What could not be written down is found again.
    func putBack(_ earlier: Found) {
        found.withLockedValue { found in
            found.versions.merge(earlier.versions) { newer, _ in newer }
            found.filled += earlier.filled
            found.isOverflowing = found.isOverflowing || earlier.isOverflowing
        }
    }
}
