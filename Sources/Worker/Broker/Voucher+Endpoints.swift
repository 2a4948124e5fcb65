import AMQP
import CareRecord
import Replication

extension Voucher {
    /// Who vouches for what comes over a link with these endpoints. The workers of a mesh log in alike: where this one
    /// does so with its certificate, the others do.
    init(_ endpoints: [Endpoint]) {
        self = !endpoints.isEmpty && endpoints.allSatisfy(\.isByCertificate) ? .broker : .nobody
    }
}

extension SessionSettings {
    /// For a session of a worker with one of these endpoints.
    init(_ part: String, of seat: Seat, to endpoints: [Endpoint]) {
        self.init(name: "wherry \(seat) \(part)", userID: Voucher(endpoints) == .broker ? seat.hie.text : nil)
    }
}
