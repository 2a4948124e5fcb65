import AMQP
import CareRecord
import Replication
package import Topology

/// A topology as one worker uses it: itself in it, the links that it needs, and where they lead. Only a topology that
/// the worker can use has one.
package struct MeshView: Sendable {
    package let topology: Topology
    /// The worker's own HIE, which is connected.
    let own: HIE
    /// The worker in it.
    let seat: Seat
    /// In the order of the file.
    package let links: [BrokerLink]
    /// The fingerprint of the TLS files in force; `nil` while there are none that go together.
    var keys: String?
    private let endpoints: [String: [Endpoint]]

    init(_ topology: Topology, for settings: WorkerSettings) throws(WorkerError) {
        guard let own = topology.hie(settings.hie) else {
            let known = topology.hies.map(\.id.text).joined(separator: ", ")
            throw WorkerError(.unknownHIE, "\(settings.hie) is not in the topology; it has \(known)")
        }
        guard own.status == .connected else {
            throw WorkerError(
                .plannedHIE,
                """
                \(settings.hie) is planned: write status: connected in the topology file, run wherry topology apply, \
                then start it
                """
            )
        }
        guard own.seats.contains(settings.seat) else {
            throw WorkerError(.unknownReplica, Self.reason(whyNot: settings.seat, of: own))
        }
        self.topology = topology
        self.own = own
        seat = settings.seat
        links = topology.links(brokerURL: settings.brokerURL)
        var endpoints: [String: [Endpoint]] = [:]
        for link in links { endpoints[link.name] = try Self.endpoints(link, settings.access) }
        self.endpoints = endpoints
    }

    /// The connections that the worker needs.
    var lines: [LineID] {
        links.flatMap { link in
            let keys = endpoints(of: link).contains { $0.tls != nil } ? keys : nil
            return roles(on: link).map {
                LineID(link: link.name, role: $0, addresses: link.addresses, keys: keys)
            }
        }
    }

    func link(named name: String) -> BrokerLink? { links.first { $0.name == name } }

    /// The link over which an HIE is asked; `nil` for one that is not connected.
    func link(to hie: HIEIdentifier) -> BrokerLink? { links.first { $0.sources.contains(hie) } }

    /// The HIEs that are connected, the own one included, in the order of the file.
    var connected: [HIEIdentifier] { topology.connected.map(\.id) }

    /// The HIEs for whose messages a broker vouches, the own one included.
    var vouched: Set<HIEIdentifier> {
        Set(links.filter { Voucher(endpoints(of: $0)) == .broker }.flatMap(\.sources))
    }

    /// Those who may ask this worker, which never asks itself over a broker: its own HIE does where it has replicas.
    var askers: Set<HIEIdentifier> {
        let connected = Set(connected)
        return own.replicas.isEmpty ? connected.subtracting([own.id]) : connected
    }

    func endpoints(of link: BrokerLink) -> [Endpoint] { endpoints[link.name] ?? [] }

    /// Whether the worker logs in as whom its certificate names.
    var isByCertificate: Bool { endpoints.values.joined().contains(where: \.isByCertificate) }

    /// Who may speak on a link, and who will.
    func speakers(on link: BrokerLink) -> Speakers {
        let planned = link.regions.compactMap(topology.region).flatMap(\.hies).filter { $0.status == .planned }
        return Speakers(to: seat, sources: Set(link.sources), planned: Set(planned.map(\.id)))
    }

    private func roles(on link: BrokerLink) -> [BrokerBoard.Role] {
        let everywhere: [BrokerBoard.Role] = [.consume, .ask]
        let isHome = seat.journal != nil && link.regions.contains(own.region)
        return isHome ? [.publish, .answer] + everywhere : everywhere
    }

    private static func reason(whyNot seat: Seat, of own: HIE) -> String {
        let known = own.replicas.isEmpty ? "no replicas" : own.replicas.map(\.text).joined(separator: ", ")
        return """
            \(seat.words) is not in the topology, where \(own.id) has \(known): add it to its replicas: in the \
            topology file, run wherry topology apply, then start it
            """
    }

    private static func endpoints(_ link: BrokerLink, _ access: BrokerAccess) throws(WorkerError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for address in link.addresses {
            do {
                endpoints.append(try access.endpoint(address))
            } catch {
                throw WorkerError(.badBroker, "broker \(link.name): \(error)")
            }
        }
        return endpoints
    }
}

/// Which of the worker's connections: one with other addresses or TLS files is another one.
struct LineID: Sendable, Hashable {
    /// The link's name.
    let link: String
    let role: BrokerBoard.Role
    /// Not to be printed: ``BrokerLink/addresses``.
    let addresses: [String]
    /// ``MeshView/keys``, for a connection with TLS.
    var keys: String?
}
