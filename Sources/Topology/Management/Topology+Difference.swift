extension Topology {
    /// Whether accounts are looked at and made.
    package enum Accounts: Sendable {
        /// Where the HIEs log in by certificate.
        case included
        case leftOut
    }

    /// What differs between `link`'s broker as it should be and as its management API says it is.
    package func difference(
        at link: BrokerLink, access: BrokerAccess, managementURL: String?, accounts: Accounts = .included
    ) async throws(TopologyError) -> BrokerDifference {
        let wanted = BrokerObjects(topology: self, link: link)
        let wantedAccounts = accounts == .included && link.hasAccounts ? link.accounts(of: self) : nil
        return try await link.managed(access, managementURL) { api throws(TopologyError) in
            let actual = try await api.objects()
            guard let wantedAccounts else { return BrokerDifference(wanted: wanted, actual: actual) }
            let found = try await api.accounts(named: Set(wantedAccounts.map(\.name)))
            return BrokerDifference(
                wanted: wanted, actual: actual, accounts: AccountDifference(wanted: wantedAccounts, actual: found))
        }
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

extension BrokerLink {
    /// Sets the accounts of this broker right. Returns why some of them are left alone.
    package func settle(
        _ difference: BrokerDifference, _ leftovers: AccountDifference.Leftovers, access: BrokerAccess,
        managementURL: String?
    ) async throws(TopologyError) -> [TopologyError] {
        let accounts = difference.accounts
        if accounts.isEmpty { return [] }
        // Rights are bound to keys, which an exchange of another kind does not look at.
        if let exchange = difference.conflicts.first(where: { $0.kind == .exchange }) {
            throw TopologyError(
                .accountRefused,
                "broker \(name): the accounts are left as they are until exchange \(exchange.name) is right: "
                    + exchange.advice)
        }
        try await managed(access, managementURL) { api throws(TopologyError) in
            try await api.take(accounts.steps(leftovers))
        }
        return accounts.strange.map { change in
            TopologyError(.accountRefused, "broker \(name): user \(change.account.name): \(change.takeOver)")
        }
    }

    /// Asks the management API at `url`, or else where the file says, or else next to each of the broker's addresses
    /// until one answers.
    fileprivate func managed<Result: Sendable>(
        _ access: BrokerAccess, _ url: String?, _ ask: (ManagementAPI) async throws(TopologyError) -> Result
    ) async throws(TopologyError) -> Result {
        let url = url ?? managementURL
        var failure = TopologyError(.invalidAddress, "broker \(name) has no address: add one to the topology file")
        for address in url == nil ? addresses : Array(addresses.prefix(1)) {
            do {
                return try await ask(ManagementAPI(url: url, endpoint: try access.endpoint(address)))
            } catch {
                failure = TopologyError(error.code, "broker \(name): \(error.reason)", cause: error)
            }
        }
        throw failure
    }
}
