/// One of an HIE's workers: the primary, which keeps the HIE's journal and speaks for it, or a read replica, which
/// subscribes and reads, to its own HIE as to any other.
///
/// Its text, `barts` or `barts.a`, is part of queue names and routing keys. No HIE's identifier has a full stop.
package struct Seat: Sendable, Hashable {
    package let hie: HIEIdentifier
    /// `nil` for the primary.
    package let replica: ReplicaName?

    package init(_ hie: HIEIdentifier, replica: ReplicaName? = nil) {
        self.hie = hie
        self.replica = replica
    }

    /// Reads what ``text`` says.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let hie = HIEIdentifier(parts[0]) else { return nil }
        let replica = parts.dropFirst().first.map { ReplicaName($0) }
        if case .some(nil) = replica { return nil }
        self.init(hie, replica: replica ?? nil)
    }

    /// The HIE whose journal this worker keeps: the one source that it has from no broker and asks nobody about. `nil`
    /// for a replica, which keeps none.
    package var journal: HIEIdentifier? { replica == nil ? hie : nil }

    package var text: String { replica.map { "\(hie).\($0)" } ?? hie.text }

    /// For people: `barts`, or `replica a of barts`.
    package var words: String { replica.map { "replica \($0) of \(hie)" } ?? hie.text }
}

extension Seat: CustomStringConvertible {
    package var description: String { text }
}
