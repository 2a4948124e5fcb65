import AMQP
import CareRecord
import Replication

/// The HIEs that a worker hears on one link.
struct Speakers: Sendable {
    private let own: HIEIdentifier?
    /// Those that may speak.
    let sources: Set<HIEIdentifier>
    /// Those that are not connected yet.
    let planned: Set<HIEIdentifier>

    /// A worker hears everybody but the journal that it keeps itself.
    init(to seat: Seat, sources: Set<HIEIdentifier>, planned: Set<HIEIdentifier>) {
        own = seat.journal
        self.sources = sources.filter { $0 != seat.journal }
        self.planned = planned
    }

    /// Whether a delivery comes from an HIE that is not connected yet.
    func isEarly(_ delivery: Delivery) -> Bool { delivery.claimedSource.map(planned.contains) ?? false }

    /// Whether a delivery names an HIE that may not speak, as far as is known.
    func isUnexpected(_ delivery: Delivery) -> Bool {
        delivery.claimedSource.map { $0 != own && !sources.contains($0) } ?? false
    }
}
