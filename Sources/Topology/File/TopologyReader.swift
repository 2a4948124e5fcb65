import AMQP
import CareRecord
import Yams

/// Makes a topology of a YAML tree, and finds every mistake on the way rather than the first.
struct TopologyReader {
    static let regionsMax = 200
    static let hiesMax = 500
    static let sitesMaxPerHIE = 1_000
    static let addressesMaxPerBroker = 16
    static let replicasMaxPerHIE = 16

    private var reader: NodeReader
    /// Where each identifier stands first.
    private var regionLines: [String: Int] = [:]
    private var hieLines: [HIEIdentifier: Int] = [:]

    init(_ reader: NodeReader) {
        self.reader = reader
    }

    var mistakes: [Mistake] { reader.mistakes }

    mutating func readTopology(_ node: Node) -> Topology? {
        guard let fields = reader.fields(node, of: "the topology", known: ["name", "regions"]) else { return nil }
        let name = text("name", in: fields, example: "name: OneLondon")
        guard let node = reader.required("regions", in: fields, example: "regions: and a list of them"),
            let nodes = reader.list(node, of: "`regions`")
        else { return nil }
        if nodes.isEmpty { reader.note("there are no regions: add - id: nel and so on", at: node) }
        if nodes.count > Self.regionsMax { reader.note("more than \(Self.regionsMax) regions", at: node) }
        var regions: [Region] = []
        for node in nodes.prefix(Self.regionsMax) {
            guard !reader.isFull else { return nil }
            if let region = readRegion(node) { regions.append(region) }
        }
        if hieLines.count > Self.hiesMax { reader.note("more than \(Self.hiesMax) HIEs", at: node) }
        guard let name, reader.mistakes.isEmpty else { return nil }
        return Topology(name: name, regions: regions)
    }

    private mutating func readRegion(_ node: Node) -> Region? {
        let known = ["id", "name", "partnership", "broker", "hies"]
        guard let fields = reader.fields(node, of: "a region", known: known) else { return nil }
        let id = identifier(in: fields, example: "id: nel")
        if let id, let value = fields["id"] {
            if let line = regionLines[id.text] {
                reader.note("region `\(id)` is there already, in line \(line): give this one another id", at: value)
            }
            regionLines[id.text] = regionLines[id.text] ?? value.mark?.line
        }
        let name = text("name", in: fields, example: "name: North East London")
        let partnership = text("partnership", in: fields, example: "partnership: Connect Care")
        let broker = reader.required("broker", in: fields, example: "broker: {addresses: [amqps://HOST:5671]}")
            .flatMap { readBroker($0) }
        var hies: [HIE] = []
        if let value = reader.required("hies", in: fields, example: "hies: and a list of them"),
            let nodes = reader.list(value, of: "`hies`")
        {
            if nodes.isEmpty {
                reader.note("there are no HIEs in this region: add one or leave the region out", at: value)
            }
            for node in nodes.prefix(Self.hiesMax + 1) {
                guard !reader.isFull else { return nil }
                if let hie = readHie(node, region: id?.text ?? "") { hies.append(hie) }
            }
        }
        guard let id, let name, let partnership, let broker else { return nil }
        return Region(id: id.text, name: name, partnership: partnership, broker: broker, hies: hies)
    }

    private mutating func readHie(_ node: Node, region: String) -> HIE? {
        let known = ["id", "name", "status", "sites", "shares", "replicas"]
        guard let fields = reader.fields(node, of: "an HIE", known: known) else { return nil }
        let id = identifier(in: fields, example: "id: barts")
        if let id, let value = fields["id"] {
            if let line = hieLines[id] {
                reader.note("HIE `\(id)` is there already, in line \(line): give this one another id", at: value)
            }
            hieLines[id] = hieLines[id] ?? value.mark?.line ?? 0
        }
        let name = text("name", in: fields, example: "name: Barts Health NHS Trust")
        let status = reader.required("status", in: fields, example: "status: connected (or planned)")
            .flatMap { reader.word($0, as: "the status", HIE.Status.self) }
        let sites = reader.required("sites", in: fields, example: "sites: and a list of them").map { readSites($0) }
        let shares = fields["shares"].map { readShares($0) } ?? [:]
        let replicas = fields["replicas"].map { readReplicas($0) } ?? []
        guard let id, let name, let status, let sites else { return nil }
        return HIE(
            id: id, name: name, region: region, status: status, sites: sites, shares: shares, replicas: replicas)
    }

    private mutating func readReplicas(_ node: Node) -> [ReplicaName] {
        guard let nodes = reader.list(node, of: "`replicas`") else { return [] }
        if nodes.count > Self.replicasMaxPerHIE {
            reader.note("more than \(Self.replicasMaxPerHIE) replicas of an HIE", at: node)
        }
        var replicas: [ReplicaName] = []
        for node in nodes.prefix(Self.replicasMaxPerHIE) {
            guard !reader.isFull else { return [] }
            guard let text = reader.text(node, as: "a replica") else { continue }
            guard let name = ReplicaName(text) else {
                reader.note(
                    "the replica `\(NodeReader.shown(text))` becomes part of queue names: write a lowercase letter, "
                        + "then up to \(ReplicaName.lengthMaxCharacters - 1) of a-z, 0-9 and -, such as a", at: node)
                continue
            }
            if replicas.contains(name) {
                reader.note("replica `\(name)` is there already: give each a name of its own", at: node)
            }
            replicas.append(name)
        }
        return replicas
    }

    private mutating func readSites(_ node: Node) -> [Site] {
        guard let nodes = reader.list(node, of: "`sites`") else { return [] }
        if nodes.isEmpty { reader.note("there are no sites: add - {name: Newham, service: acute}", at: node) }
        if nodes.count > Self.sitesMaxPerHIE { reader.note("more than \(Self.sitesMaxPerHIE) sites", at: node) }
        return nodes.prefix(Self.sitesMaxPerHIE).compactMap { node in
            guard !reader.isFull,
                let fields = reader.fields(node, of: "a site", known: ["name", "service", "access"])
            else { return nil }
            let name = text("name", in: fields, example: "name: Newham")
            let service = reader.required("service", in: fields, example: "service: acute")
                .flatMap { reader.word($0, as: "the service", Site.Service.self) }
            let access = fields["access"].map { reader.word($0, as: "the access", Site.Access.self) } ?? .record
            guard let name, let service, let access else { return nil }
            return Site(name: name, service: service, access: access)
        }
    }

    private mutating func readShares(_ node: Node) -> [Category: Share] {
        guard let fields = reader.fields(node, of: "`shares`", known: Category.allCases.map(\.rawValue)) else {
            return [:]
        }
        var shares: [Category: Share] = [:]
        for field in fields.all {
            guard let category = Category(rawValue: field.name) else { continue }
            shares[category] = reader.word(field.value, as: "the share", Share.self)
        }
        return shares
    }

    private mutating func text(_ name: String, in fields: Fields, example: String) -> String? {
        reader.required(name, in: fields, example: example).flatMap { reader.text($0, as: "`\(name)`") }
    }

    private mutating func identifier(in fields: Fields, example: String) -> HIEIdentifier? {
        guard let node = reader.required("id", in: fields, example: example), let text = reader.text(node, as: "`id`")
        else { return nil }
        if let id = HIEIdentifier(text) { return id }
        reader.note(
            "the id `\(NodeReader.shown(text))` becomes part of queue names: write a lowercase letter, then up to "
                + "\(HIEIdentifier.lengthMaxCharacters - 1) of a-z, 0-9 and -, such as st-georges", at: node)
        return nil
    }
}

// MARK: Brokers

extension TopologyReader {
    private mutating func readBroker(_ node: Node) -> Broker? {
        let known = ["addresses", "virtualHost", "management"]
        guard let fields = reader.fields(node, of: "a broker", known: known) else { return nil }
        var virtualHost: String?
        if let node = fields["virtualHost"] { virtualHost = reader.text(node, as: "`virtualHost`") }
        let management = fields["management"].flatMap { readManagementURL($0) }
        guard let value = reader.required("addresses", in: fields, example: "addresses: [\"amqps://HOST:5671\"]"),
            let nodes = reader.list(value, of: "`addresses`")
        else { return nil }
        if nodes.isEmpty { reader.note("there are no addresses: add \"amqps://HOST:5671\"", at: value) }
        if nodes.count > Self.addressesMaxPerBroker {
            reader.note("more than \(Self.addressesMaxPerBroker) addresses: give those of one cluster", at: value)
        }
        let addresses = nodes.prefix(Self.addressesMaxPerBroker).compactMap {
            readAddress($0, virtualHost: virtualHost)
        }
        return addresses.isEmpty ? nil : Broker(addresses: addresses, managementURL: management)
    }

    /// No message shows the URL, because a password may be in it.
    private mutating func readAddress(_ node: Node, virtualHost: String?) -> String? {
        guard let text = reader.text(node, as: "an address") else { return nil }
        guard refusesCredentials(text, at: node) else { return nil }
        let endpoint: Endpoint
        do {
            endpoint = try Endpoint(url: text)
        } catch {
            reader.note("\(error.reason); write amqps://HOST:5671 or amqp://HOST:5672", at: node)
            return nil
        }
        guard endpoint.virtualHost == "/" else {
            reader.note("an address ends with its port: name the virtual host with `virtualHost:`", at: node)
            return nil
        }
        guard let virtualHost, virtualHost != "/" else { return endpoint.shown }
        return endpoint.shown + "/" + virtualHost.percentEncoded
    }

    private mutating func readManagementURL(_ node: Node) -> String? {
        guard let text = reader.text(node, as: "`management`"), refusesCredentials(text, at: node) else { return nil }
        guard let url = ManagementAPI.url(text) else {
            reader.note("the management URL cannot be used: write https://HOST:15671 or http://HOST:15672", at: node)
            return nil
        }
        return url
    }

    /// Whether the URL is free of them.
    private mutating func refusesCredentials(_ url: String, at node: Node) -> Bool {
        guard url.contains("@") else { return true }
        reader.note(
            "a user name or password does not belong in this file: take it out of the URL and give --broker-user and "
                + "--broker-password-file to the command", at: node)
        return false
    }
}
