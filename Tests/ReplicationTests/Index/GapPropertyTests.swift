import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

/// A source whose messages arrive in any order, again and again, some of their lines damaged; what was parked is
/// replayed, repeated, or given up for what comes later.
private struct DamagedStream {
    var random: SplitMix64
    let source: SampleSource
    let batches: [ChangeBatch]
    /// Every change that was published.
    let changes: [Int64: Change]
    var index = IndexTransaction(MemoryIndex())
    /// Parked and not settled.
    private(set) var parked: Set<Int64> = []
    /// The highest number of each record that arrived whole and was read.
    private var highest: [EntryKey: Int64] = [:]
    private var plan: Int64 = 0

    init(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var stream = SampleStream(SampleSource(barts))
        try stream.run(steps: random.within(5...40), using: &random)
        source = stream.source
        batches = random.shuffle(stream.batches + stream.batches.filter { _ in random.chance(percent: 60) })
        let all = stream.batches.flatMap(\.changes).map { ($0.seq, $0) }
        changes = Dictionary(all, uniquingKeysWith: { first, _ in first })
        self.random = random
    }

    /// Some lines cannot be read; the numbers of some of these neither.
    mutating func deliver(_ batch: ChangeBatch) throws {
        var arriving = batch
        if random.chance(percent: 50) {
            let seqs = batch.changes.map(\.seq)
            arriving = batch.damaged(
                Set(seqs.filter { _ in random.chance(percent: 25) }),
                unnumbered: Set(seqs.filter { _ in random.chance(percent: 10) }))
        }
        parked.formUnion(arriving.gaps.compactMap { gap in changes.keys.first { .sample($0) == gap.letter } })
        try step { stream in
            for change in arriving.changes { stream.arrived(change) }
            let applied = try stream.index.apply([arriving])
            let settled = Set(applied.filled + applied.unneeded)
            #expect(Set(applied.filled).isDisjoint(with: Set(stream.index.rows.gaps[1, default: [:]].keys)))
            if stream.random.chance(percent: 70) {
                stream.parked = stream.parked.filter { !settled.contains(.sample($0)) }
            }
        }
    }

    /// Replays some letters in one call, and some of them once more.
    mutating func replay(_ chosen: [Int64]) throws {
        plan += 1
        let all = chosen.compactMap { seq in changes[seq].map { redemption(of: $0) } }
        guard !all.isEmpty else { return }
        let foreseen = try index.foresee(all)
        try step { stream in
            for redemption in all { stream.arrived(redemption.batch.changes[0]) }
            let outcome = try stream.index.redeem(all)
            for (position, verdict) in outcome.verdicts.enumerated() {
                // Alone, or first of its record, it comes to what was foreseen.
                if all.count == 1 { #expect(verdict == foreseen[position]) }
                if case .failed(let rejection) = verdict {
                    #expect(rejection.cause == .epochUnknown)
                } else {
                    stream.parked.remove(all[position].batch.through)
                    #expect(stream.index.rows.gap(of: all[position].letter, source: 1) == nil)
                }
            }
            let rows = stream.index.rows.entries
            #expect(try stream.index.redeem(all).verdicts == outcome.verdicts)
            #expect(stream.index.rows.entries == rows)
        }
    }

    private func redemption(of change: Change) -> Redemption {
        Redemption(
            letter: .sample(change.seq), plan: plan,
            batch: ChangeBatch(
                source: barts, epoch: source.epoch, after: change.seq - 1, through: change.seq, changes: [change]))
    }

    /// Of what counts as applied and is not missing nothing is read.
    private mutating func arrived(_ change: Change) {
        let kept = index.kept(barts)
        let isMissing = index.rows.gaps[kept.id, default: [:]].values.contains { $0.misses(change.seq) }
        guard isMissing || !kept.progress.applied.contains(change.seq) else { return }
        highest[change.key] = max(highest[change.key] ?? 0, change.seq)
    }

    /// Whatever is written is nothing that something later of its record came before.
    private mutating func step(_ body: (inout DamagedStream) throws -> Void) throws {
        let before = index.rows.entries[1, default: [:]]
        try body(&self)
        let after = index.rows.entries[1, default: [:]]
        for (key, row) in after where before[key] != row {
            if row.seq < highest[key] ?? 0 { Issue.record("\(row.seq) was written after \(highest[key] ?? 0)") }
        }
        #expect(index.kept(barts).digest == index.rows.digest(source: 1))
        #expect(index.kept(barts).hasGaps == !index.rows.gaps[1, default: [:]].isEmpty)
    }
}

@Suite("Gaps in a stream") struct GapPropertyTests {
    @Test("promises P1 and P2: lines damaged, delivered again, replayed and repeated leave the source's entries")
    func anyOrder() throws {
        for seed in UInt64(0)..<300 {
            var stream = try DamagedStream(seed: seed)
            for batch in stream.batches {
                try stream.deliver(batch)
                if stream.random.chance(percent: 30), !stream.parked.isEmpty {
                    let chosen = stream.parked.sorted().filter { _ in stream.random.chance(percent: 40) }
                    try stream.replay(stream.random.shuffle(chosen))
                }
            }
            for seq in stream.random.shuffle(stream.parked.sorted()) { try stream.replay([seq]) }
            #expect(stream.parked.isEmpty, "seed \(seed)")
            try expect(stream.index, isWhole: stream.source, "seed \(seed)")
            #expect(stream.index.rows.gaps[1, default: [:]].isEmpty, "seed \(seed)")
        }
    }
}
