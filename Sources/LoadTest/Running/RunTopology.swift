package import CareRecord
package import Topology

/// The topology of one run: the first HIEs of another one, on the brokers of the run.
package struct RunTopology: Sendable, Hashable {
    /// Exactly the HIEs that take part, all of them connected.
    package let topology: Topology
    /// The broker of each region, counted from 0.
    private let places: [String: Int]

    /// The first `hies` connected HIEs of `whole`, their regions spread over so many brokers.
    package init(_ whole: Topology, hies: Int, brokers: Int) throws(LoadTestError) {
        let chosen = whole.connected.prefix(hies)
        guard hies > 0, chosen.count == hies else {
            throw LoadTestError(
                .refused,
                "the profile asks for \(hies) HIEs, and the topology has \(whole.connected.count) that are connected: "
                    + "give a larger one with --topology, or ask for fewer with hies:")
        }
        let ids = Set(chosen.map(\.id))
        let regions = whole.regions.compactMap { region -> Region? in
            let hies = region.hies.filter { ids.contains($0.id) }
            guard !hies.isEmpty else { return nil }
            return Region(
                id: region.id, name: region.name, partnership: region.partnership, broker: region.broker, hies: hies)
        }
        guard brokers > 0, brokers <= regions.count else {
            throw LoadTestError(
                .refused,
                "the profile asks for \(brokers) brokers, and its \(hies) HIEs are in \(regions.count) "
                    + "\(regions.count == 1 ? "region" : "regions"): a region has one broker")
        }
        topology = Topology(name: whole.name, regions: regions)
        places = Dictionary(
            regions.enumerated().map { ($1.id, $0 % brokers) }, uniquingKeysWith: { first, _ in first })
    }

    package var hies: [HIEIdentifier] { topology.hies.map(\.id) }

    /// The broker of an HIE's region, counted from 0.
    package func broker(of hie: HIEIdentifier) -> Int {
        topology.hie(hie).flatMap { places[$0.region] } ?? 0
    }

    /// The same with the addresses of the brokers, which hold no credentials.
    package func placed(on addresses: [String]) -> Topology {
        Topology(
            name: topology.name,
            regions: topology.regions.map { region in
                let broker = Broker(addresses: [addresses[places[region.id] ?? 0]], managementURL: nil)
                return Region(
                    id: region.id, name: region.name, partnership: region.partnership, broker: broker,
                    hies: region.hies)
            })
    }
}

extension Topology {
    /// A file that says this topology; see `Topology.parse(yaml:file:)`.
    package var yaml: String {
        var lines = ["name: \(Self.quoted(name))", "regions:"]
        for region in regions {
            lines += [
                "  - id: \(region.id)",
                "    name: \(Self.quoted(region.name))",
                "    partnership: \(Self.quoted(region.partnership))",
                "    broker: {addresses: [\(region.broker.addresses.map(Self.quoted).joined(separator: ", "))]}",
                "    hies:",
            ]
            for hie in region.hies { lines += Self.lines(of: hie) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func lines(of hie: HIE) -> [String] {
        var lines = [
            "      - id: \(hie.id)",
            "        name: \(quoted(hie.name))",
            "        status: \(hie.status.rawValue)",
            "        sites:",
        ]
        for site in hie.sites {
            lines.append(
                "          - {name: \(quoted(site.name)), service: \(site.service.rawValue), "
                    + "access: \(site.access.rawValue)}")
        }
        let shares = hie.shares.sorted { $0.key.rawValue < $1.key.rawValue }
        if !shares.isEmpty {
            let list = shares.map { "\($0.key.rawValue): \($0.value.rawValue)" }.joined(separator: ", ")
            lines.append("        shares: {\(list)}")
        }
        return lines
    }

    /// YAML's double-quoted form (YAML 1.2, section 7.3.1), in which no quote stands but the first and the last.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": quoted += "\\\\"
            case "\"": quoted += "\\u0022"
            case _ where scalar.properties.generalCategory == .control:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
