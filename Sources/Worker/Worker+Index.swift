package import CareRecord
import Replication
package import Storage
import Topology

/// Whether the entries of one source are those that the source has.
package enum IndexVerdict: Sendable, Hashable {
    case equal
    /// In so many of the digest's buckets they are not; they are mended by themselves.
    case differs(buckets: Int)
    /// They could not be compared, and why.
    case unknown(reason: String)
}

extension Worker {
    /// For how long a source is compared that changes while it is.
    private static let verifySecondsMax: Int64 = 10
    private static let verifyPauseMilliseconds: Int64 = 250

    /// Sets the index aside and begins it anew: it fills again from the own journal and from the peers.
    package func rebuildIndex() async throws(StorageError) {
        try await keeper.rebuild(era: coverageBoard.era, because: "asked for")
    }

    /// Counts every row of the index, and compares each connected source with what it says of itself now.
    package func verifyIndex() async -> [HIEIdentifier: IndexVerdict] {
        let sources = topology.connected.map(\.id)
        var verdicts: [HIEIdentifier: IndexVerdict] = [:]
        var counted: [HIEIdentifier] = []
        for source in sources {
            do throws(StorageError) {
                try await indexAudit.run(source)
                counted.append(source)
            } catch {
                verdicts[source] = .unknown(reason: error.description)
            }
        }
        return await withTaskGroup { group in
            for source in counted { group.addTask { (source, await self.verify(source)) } }
            for await (source, verdict) in group { verdicts[source] = verdict }
            return verdicts
        }
    }

    private func verify(_ source: HIEIdentifier) async -> IndexVerdict {
        let deadline = ContinuousClock.now + .seconds(Self.verifySecondsMax)
        while true {
            let verdict = await compare(source)
            guard case .unknown = verdict, ContinuousClock.now < deadline, !Task.isCancelled else { return verdict }
            try? await Task.sleep(for: .milliseconds(Self.verifyPauseMilliseconds))
        }
    }

    private func compare(_ hie: HIEIdentifier) async -> IndexVerdict {
        let progress = coverageBoard.progress(of: hie)
        let witness = JournalWitness(epoch: progress?.epoch, through: progress?.applied.highest ?? 0)
        switch await questioner.ask(.state(witness), of: hie) {
        case .unanswered(let reason): return .unknown(reason: reason)
        case .answered(.refusal(let reason)): return .unknown(reason: "refused: \(reason)")
        case .answered(.changes), .answered(.buckets), .answered(.record):
            return .unknown(reason: "the answer is not to the question")
        case .answered(.state(let their)):
            do throws(StorageError) {
                let kept = try await keeper.read { index throws(StorageError) in try await index.source(hie) }
                return Self.compare(kept, with: their)
            } catch {
                return .unknown(reason: error.description)
            }
        }
    }

    private static func compare(_ kept: IndexedSource?, with their: JournalSummary) -> IndexVerdict {
        guard let kept, kept.progress.epoch == their.epoch else {
            return their.head == 0 ? .equal : .unknown(reason: "nothing is held of its present journal yet")
        }
        let applied = kept.progress.applied
        guard applied.watermark == their.head, applied.islands.isEmpty else {
            return .unknown(reason: "the index is at \(applied.watermark), the source at \(their.head)")
        }
        let buckets = kept.digest.differences(from: their.digest).count
        return buckets == 0 ? .equal : .differs(buckets: buckets)
    }
}
