import CareRecord
import Replication
import Storage
import Topology

/// Whom a query asks: those of whom the index knows something that is wanted, and those of whom it may not know.
struct QueryPlan: Sendable {
    /// In the order of the topology; the own HIE is among them where it holds something, and a replica asks its
    /// primary as it does any peer.
    private(set) var asked: [HIEIdentifier] = []
    /// Not asked, and why.
    private(set) var settled: [PeerAnswer] = []
    /// What else is to be said of those who are asked.
    private(set) var notes: [HIEIdentifier: String] = [:]

    /// `obstacle` says what of the broker is in the way to a peer, and `admits` whether its circuit breaker lets a
    /// question through, or since when not; they are asked only of those who would be asked.
    init(
        _ lookup: Lookup, _ categories: Set<Category>?, topology: Topology, seat: Seat,
        obstacle: (HIEIdentifier) -> String?, admits: (HIEIdentifier) -> BreakerBoard.Admission
    ) {
        let wanted = categories ?? Set(Category.allCases)
        let known = Set(lookup.entries.filter { wanted.contains($0.facts.category) }.map(\.source))
        for coverage in lookup.coverage {
            let hie = coverage.hie
            let withheld = hie == seat.hie ? [] : topology.hie(hie)?.withheld(of: wanted) ?? []
            let names = withheld.map(\.rawValue).joined(separator: ", ")
            let note = withheld.isEmpty ? nil : "it shares with nobody: \(names)"
            switch (coverage.state, known.contains(hie)) {
            case (.planned, _):
                settled.append(
                    PeerAnswer(hie: hie, state: .skipped, asOf: nil, reason: coverage.state.reason, cause: .planned))
            case (.complete, false) where withheld.count == wanted.count:
                settled.append(PeerAnswer(hie: hie, state: .refused, asOf: nil, reason: note, cause: .refusal))
            case (.complete, false):
                settled.append(PeerAnswer(hie: hie, state: .nothingHeld, asOf: coverage.asOf, reason: note))
            case (_, let isKnown):
                let doubt = isKnown ? nil : "asked because the index is \(coverage.state.word)"
                let notes = [doubt, note].compactMap(\.self)
                if hie != seat.journal, let obstacle = obstacle(hie) {
                    settled.append(
                        PeerAnswer(hie: hie, state: .skipped, asOf: nil, reason: obstacle, cause: .broker))
                } else {
                    add(
                        hie, notes.isEmpty ? nil : notes.joined(separator: "; "),
                        hie == seat.journal ? .admitted : admits(hie))
                }
            }
        }
    }

    private mutating func add(_ hie: HIEIdentifier, _ note: String?, _ admission: BreakerBoard.Admission) {
        switch admission {
        case .admitted:
            asked.append(hie)
            notes[hie] = note
        case .refused(let since, let word, let cause):
            let who = cause == .broker ? "its broker took no questions" : "it failed or was slow"
            settled.append(
                PeerAnswer(
                    hie: hie, state: .skipped, asOf: nil,
                    reason: "breaker \(word) since \(since.text): \(who); it is tried again by itself", cause: cause))
        }
    }
}

extension HIE {
    /// Those of `categories` that it shares with nobody, in the order of the categories.
    fileprivate func withheld(of categories: Set<Category>) -> [Category] {
        Category.allCases.filter { categories.contains($0) && share($0) == .nothing }
    }
}
