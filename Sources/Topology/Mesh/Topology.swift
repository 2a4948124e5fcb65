import AMQP
package import CareRecord

/// Who takes part in the mesh: regions, each with its broker and its HIEs. A value; nothing in it is secret.
package struct Topology: Sendable, Hashable {
    package let name: String
    /// In file order.
    package let regions: [Region]
    /// Every HIE of every region, in file order.
    package let hies: [HIE]
    private let byIdentifier: [HIEIdentifier: HIE]

    /// The identifiers of regions and of HIEs are each unique; the reader of the file sees to that.
    package init(name: String, regions: [Region]) {
        self.name = name
        self.regions = regions
        self.hies = regions.flatMap(\.hies)
        self.byIdentifier = Dictionary(hies.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package func hie(_ id: HIEIdentifier) -> HIE? { byIdentifier[id] }

    /// The region an HIE belongs to; `nil` for an HIE that is not in the topology.
    package func region(of id: HIEIdentifier) -> Region? {
        guard let hie = hie(id) else { return nil }
        return region(hie.region)
    }

    package func region(_ id: String) -> Region? { regions.first { $0.id == id } }

    /// The HIEs that have queues today, in file order.
    package var connected: [HIE] { hies.filter { $0.status == .connected } }

    /// The same topology with these HIEs connected, whatever the file says of them.
    package func connecting(_ ids: Set<HIEIdentifier>) -> Topology {
        Topology(name: name, regions: regions.map { $0.connecting(ids) })
    }
}

/// A geography with one broker of its own (an STP or ICS).
package struct Region: Sendable, Hashable {
    /// Same form as an HIE's identifier: `nel`.
    package let id: String
    package let name: String
    /// The local record that the region's HIEs already share, such as `Connect Care`.
    package let partnership: String
    package let broker: Broker
    package let hies: [HIE]

    package init(id: String, name: String, partnership: String, broker: Broker, hies: [HIE]) {
        self.id = id
        self.name = name
        self.partnership = partnership
        self.broker = broker
        self.hies = hies
    }

    func connecting(_ ids: Set<HIEIdentifier>) -> Region {
        Region(
            id: id, name: name, partnership: partnership, broker: broker,
            hies: hies.map { ids.contains($0.id) ? $0.connected : $0 })
    }
}

/// Where a region's RabbitMQ is reached: one node or the nodes of one cluster.
package struct Broker: Sendable, Hashable {
    /// `amqp://` or `amqps://` URLs with the virtual host as their path and without credentials; at least one.
    /// The nodes of a cluster are tried in this order.
    package let addresses: [String]
    /// The `http://` or `https://` URL of the management API; `nil` for the default place (``ManagementAPI``).
    package let managementURL: String?

    package init(addresses: [String], managementURL: String?) {
        self.addresses = addresses
        self.managementURL = managementURL
    }

    /// The names, or IP addresses, that ``addresses`` lead to.
    package var hosts: [String] { addresses.compactMap { try? Endpoint(url: $0).host } }
}
