extension Topology {
    /// What differs between `link`'s broker as it should be and as its management API says it is.
    ///
    /// The management API is asked at `managementURL`, or else where the file says, or else next to each of the
    /// broker's addresses until one answers.
    package func difference(
        at link: BrokerLink, access: BrokerAccess, managementURL: String?
    ) async throws(TopologyError) -> BrokerDifference {
        let wanted = BrokerObjects(topology: self, link: link)
        let url = managementURL ?? link.managementURL
        var failure = TopologyError(.invalidAddress, "broker \(link.name) has no address: add one to the topology file")
        for address in url == nil ? link.addresses : Array(link.addresses.prefix(1)) {
            let api = ManagementAPI(url: url, endpoint: try access.endpoint(address))
            do {
                return BrokerDifference(wanted: wanted, actual: try await api.objects())
            } catch {
                failure = TopologyError(error.code, "broker \(link.name): \(error.reason)", cause: error)
            }
        }
        throw failure
    }

    /// The same topology with every region on one broker.
    package func on(brokerURL: String) -> Topology {
        let broker = Broker(addresses: [brokerURL], managementURL: nil)
        return Topology(
            name: name,
            regions: regions.map {
                Region(id: $0.id, name: $0.name, partnership: $0.partnership, broker: broker, hies: $0.hies)
            })
    }
}
