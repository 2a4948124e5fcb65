import CareRecord
import NIOConcurrencyHelpers
import Replication
import Storage

/// What waits as a dead letter, in memory: how many of each source, of which patients, of which records. What coverage
/// says of held sources comes from here, so that a lookup reads no file for it.
final class HeldBoard: Sendable {
    private struct Key: Hashable {
        let source: HIEIdentifier
        let hash: Int
    }

    private struct State {
        var counts: [HIEIdentifier: Int] = [:]
        /// By a hash of the patient's number, or of the record's reference: to keep a hundred thousand small.
        var patients: [Key: Int32] = [:]
        var records: [Key: Int32] = [:]
        var total = 0
    }

    private let state = NIOLockedValueBox(State())
    private let coverage: CoverageBoard

    init(coverage: CoverageBoard) { self.coverage = coverage }

    /// Letters that wait, those of no known source included.
    var total: Int { state.withLockedValue { $0.total } }

    /// Sources of which something waits.
    var sources: [HIEIdentifier] { state.withLockedValue { Array($0.counts.keys) } }

    func held(of patient: NHSNumber, source: HIEIdentifier) -> Int {
        state.withLockedValue { Int($0.patients[Key(source: source, hash: patient.hashValue)] ?? 0) }
    }

    /// Whether a letter about this record waits; now and then also where none does.
    func isHeld(_ resource: ResourceKey, of source: HIEIdentifier) -> Bool {
        state.withLockedValue { $0.records[Key(source: source, hash: resource.hashValue)] != nil }
    }

    /// Whether anything of the source waits.
    func isHeld(_ source: HIEIdentifier) -> Bool { state.withLockedValue { $0.counts[source] != nil } }

    func add(_ notes: [LetterNote]) { change(notes, by: 1) }

    func remove(_ notes: [LetterNote]) { change(notes, by: -1) }

    private func change(_ notes: [LetterNote], by step: Int) {
        guard !notes.isEmpty else { return }
        let counts = state.withLockedValue { state in
            var touched: [HIEIdentifier: Int] = [:]
            for note in notes {
                state.total += step
                guard let source = note.source else { continue }
                let count = max(0, (state.counts[source] ?? 0) + step)
                state.counts[source] = count == 0 ? nil : count
                touched[source] = count
                if let patient = note.patient {
                    Self.change(&state.patients, Key(source: source, hash: patient.hashValue), by: step)
                }
                if let resource = note.resource {
                    Self.change(&state.records, Key(source: source, hash: resource.hashValue), by: step)
                }
            }
            return touched
        }
        coverage.held(counts)
    }

    private static func change(_ counts: inout [Key: Int32], _ key: Key, by step: Int) {
        let count = (counts[key] ?? 0) + Int32(step)
        counts[key] = count > 0 ? count : nil
    }
}
