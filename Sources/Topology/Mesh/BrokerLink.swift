import AMQP
package import CareRecord

/// One broker that every worker of the mesh connects to, and the HIEs whose changes leave there.
package struct BrokerLink: Sendable, Hashable {
    /// The region's identifier, such as `nel`; regions that share a broker are joined by `+`; `all` where one URL
    /// stands for every region.
    package let name: String
    /// The identifiers of its regions, in file order.
    package let regions: [String]
    /// The connected HIEs of these regions, in file order: they publish here and answer here. Never empty.
    package let sources: [HIEIdentifier]
    /// Tried in this order. They hold credentials only where `--broker-url` held them: print ``shownAddresses``.
    package let addresses: [String]
    /// The management API's URL; `nil` for the default place.
    package let managementURL: String?

    package init(
        name: String, regions: [String], sources: [HIEIdentifier], addresses: [String], managementURL: String?
    ) {
        self.name = name
        self.regions = regions
        self.sources = sources
        self.addresses = addresses
        self.managementURL = managementURL
    }

    /// The addresses without user names and passwords.
    package var shownAddresses: [String] {
        addresses.map { (try? Endpoint(url: $0))?.shown ?? "(unreadable URL)" }
    }
}

extension Topology {
    /// The distinct brokers, in file order. With a `brokerURL` every region is on that one.
    ///
    /// A broker none of whose HIEs is connected has no link yet: it need not exist until the first of them joins.
    package func links(brokerURL: String? = nil) -> [BrokerLink] {
        if let brokerURL {
            let broker = Broker(addresses: [brokerURL], managementURL: nil)
            return [link(named: "all", broker: broker, regions: regions)].compactMap(\.self)
        }
        var order: [Broker] = []
        var grouped: [Broker: [Region]] = [:]
        for region in regions {
            if grouped[region.broker] == nil { order.append(region.broker) }
            grouped[region.broker, default: []].append(region)
        }
        return order.compactMap { broker in
            let regions = grouped[broker] ?? []
            return link(named: regions.map(\.id).joined(separator: "+"), broker: broker, regions: regions)
        }
    }

    private func link(named name: String, broker: Broker, regions: [Region]) -> BrokerLink? {
        let sources = regions.flatMap(\.hies).filter { $0.status == .connected }.map(\.id)
        guard !sources.isEmpty else { return nil }
        return BrokerLink(
            name: name, regions: regions.map(\.id), sources: sources, addresses: broker.addresses,
            managementURL: broker.managementURL)
    }
}
