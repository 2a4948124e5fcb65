import AMQP
import CareRecord

/// A topology as a Mermaid flowchart: regions, their HIEs and brokers, and who subscribes where.
package struct Diagram: Sendable, CustomStringConvertible {
    private let topology: Topology

    package init(_ topology: Topology) {
        self.topology = topology
    }

    package var description: String {
        var lines = ["flowchart LR"]
        var shared: [Broker: [Region]] = [:]
        for region in topology.regions { shared[region.broker, default: []].append(region) }
        var drawn: Set<Broker> = []
        for region in topology.regions {
            let isShared = shared[region.broker, default: []].count > 1
            if isShared, drawn.insert(region.broker).inserted { lines.append("    " + brokerNode(of: region)) }
            lines += subgraph(region, hasOwnBroker: !isShared)
        }
        lines += subscriptions
        lines += [
            "    classDef broker fill:#fff4e5,stroke:#d9822b,color:#222",
            "    classDef planned stroke-dasharray:5 4,fill:#fafafa,color:#777",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private func subgraph(_ region: Region, hasOwnBroker: Bool) -> [String] {
        let title = Self.label([region.name, region.partnership])
        var lines = ["    subgraph \(Self.regionID(region))[\"\(title)\"]"]
        if hasOwnBroker { lines.append("        " + brokerNode(of: region)) }
        for hie in region.hies {
            lines.append("        \(Self.hieID(hie))[\"\(Self.label(words(for: hie)))\"]\(Self.mark(hie.status))")
        }
        lines.append("    end")
        for hie in region.hies {
            let line = hie.status == .connected ? "---" : "-.-"
            lines.append("    \(Self.hieID(hie)) \(line) \(brokerID(of: region))")
        }
        if !region.isConnected { lines.append("    class \(Self.regionID(region)) planned") }
        return lines
    }

    /// From every broker with a connected HIE to every other region with one.
    private var subscriptions: [String] {
        let regions = topology.regions.filter(\.isConnected)
        var seen: Set<String> = []
        return regions.flatMap { source in
            regions.compactMap { subscriber in
                guard source.broker != subscriber.broker else { return nil }
                let line = "    \(brokerID(of: source)) -- changes --> \(Self.regionID(subscriber))"
                return seen.insert(line).inserted ? line : nil
            }
        }
    }

    private func words(for hie: HIE) -> [String] {
        var words = ["\(hie.name) (\(hie.id))"]
        if hie.status == .planned { words.append("planned") }
        if !hie.replicas.isEmpty {
            let names = hie.replicas.map(\.text).joined(separator: ", ")
            words.append("read replica\(hie.replicas.count == 1 ? "" : "s") \(names)")
        }
        return words + hie.sites.map { $0.access == .link ? "\($0.name) (by link)" : $0.name }
    }

    private func brokerNode(of region: Region) -> String {
        let hosts = region.broker.addresses.map { (try? Endpoint(url: $0))?.address ?? "?" }
        return "\(brokerID(of: region)){{\"\(Self.label(["RabbitMQ"] + hosts))\"}}:::broker"
    }

    /// A broker is named for its first region. Prefixes keep clear of Mermaid's own words, such as `end`.
    private func brokerID(of region: Region) -> String {
        let first = topology.regions.first { $0.broker == region.broker } ?? region
        return Self.node("broker_" + first.id)
    }

    private static func regionID(_ region: Region) -> String { node("region_" + region.id) }
    private static func hieID(_ hie: HIE) -> String { node("hie_" + hie.id.text) }

    /// A hyphen could be read as the beginning of a line; identifiers hold no underscore, so the names stay distinct.
    private static func node(_ text: String) -> String { String(text.map { $0 == "-" ? "_" : $0 }) }

    private static func mark(_ status: HIE.Status) -> String { status == .planned ? ":::planned" : "" }

    /// Lines of text within a quoted Mermaid label.
    private static func label(_ lines: [String]) -> String {
        lines.map { line in
            line.reduce(into: "") { text, character in
                switch character {
                case "\"": text += "#quot;"
                case "#": text += "#35;"
                case "<": text += "#lt;"
                case ">": text += "#gt;"
                case "&": text += "#amp;"
                case "\n", "\r\n": text += " "
                default: text.append(character)
                }
            }
        }.joined(separator: "<br/>")
    }
}

extension Region {
    /// Whether any of its HIEs is connected.
    fileprivate var isConnected: Bool { hies.contains { $0.status == .connected } }
}
