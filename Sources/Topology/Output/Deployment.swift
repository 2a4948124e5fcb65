import AMQP
package import CareRecord

/// The mesh as services of its own making, one broker a region and a worker a seat: what compose files and manifests
/// are written from.
package struct Deployment: Sendable, Hashable {
    /// Where the brokers of a deployment take connections.
    package static let brokerPort: UInt16 = 5671

    /// A region's broker, a node for each of its addresses, and the workers that publish there.
    package struct Region: Sendable, Hashable {
        /// The region's identifier; regions that share a broker are joined by `-`.
        package let name: String
        /// The identifiers of its regions.
        package let members: [String]
        /// The host name of each node, as the topology and the certificates have it.
        package let hosts: [String]
        /// The workers of the connected HIEs, in file order, each primary before its replicas. Never empty.
        package let seats: [Seat]

        package var isCluster: Bool { hosts.count > 1 }

        /// Names for the nodes, `nel` or `nel-1`, `nel-2` and so on, each with its host.
        package var nodes: [(name: String, host: String)] {
            hosts.enumerated().map { (isCluster ? "\(name)-\($0.offset + 1)" : name, $0.element) }
        }
    }

    /// The regions with a connected HIE, in file order.
    package let regions: [Region]
    /// The topology file's name, without its directory.
    package let file: String

    package var seats: [Seat] { regions.flatMap(\.seats) }

    /// The connected HIEs, in file order.
    package var hies: [HIEIdentifier] { seats.compactMap(\.journal) }

    /// Refused are addresses at which the brokers of a deployment do not listen.
    package init(_ topology: Topology, file: String) throws(TopologyError) {
        var hosts: Set<String> = []
        var regions: [Region] = []
        for link in topology.links() {
            let name = link.regions.joined(separator: "-")
            var own: [String] = []
            for address in link.addresses {
                let host = try Self.host(of: address, region: link.name)
                guard hosts.insert(host).inserted else {
                    throw TopologyError(
                        .invalidAddress,
                        "two brokers have the address \(host): give each region's broker its own host name")
                }
                own.append(host)
            }
            let seats = link.sources.compactMap(topology.hie).flatMap(\.seats)
            regions.append(Region(name: name, members: link.regions, hosts: own, seats: seats))
        }
        guard !regions.isEmpty else {
            throw TopologyError(
                .invalid, "no HIE is connected: give one the status connected in the topology file")
        }
        self.regions = regions
        self.file = file
    }

    private static func host(of address: String, region: String) throws(TopologyError) -> String {
        let endpoint = try BrokerAccess().endpoint(address)
        guard endpoint.tls != nil, endpoint.port == brokerPort, endpoint.virtualHost == "/" else {
            throw TopologyError(
                .invalidAddress,
                "the broker of \(region) would not be found at \(endpoint.shown): brokers that are made from a "
                    + "topology take amqps at port \(brokerPort) and the virtual host /")
        }
        let letters = endpoint.host.utf8.contains { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
        guard letters, !endpoint.host.contains(":"), endpoint.host.allSatisfy({ $0.isASCII }) else {
            throw TopologyError(
                .invalidAddress,
                "the broker of \(region) has the address \(endpoint.host): give it a host name, which its certificate "
                    + "can have")
        }
        return endpoint.host
    }
}
