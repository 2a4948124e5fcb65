import AMQP
import ArgumentParser
import Topology

/// The brokers that a verb is about.
struct BrokerSelection: ParsableArguments {
    /// Brokers asked at the same time.
    static let concurrencyMax = 8

    @OptionGroup var topology: TopologyOptions
    @OptionGroup var brokers: BrokerOptions

    @Option(help: .init("Only the broker of this region.", valueName: "id"))
    var region: String?

    mutating func validate() throws {
        if region != nil, brokers.brokerURL != nil {
            throw ValidationError(
                "--region and --broker-url exclude one another: with the URL all regions are on one broker")
        }
    }

    /// Of the whole topology, or of the one region asked for.
    func links(of topology: Topology) throws -> [BrokerLink] {
        let links = topology.links(brokerURL: brokers.brokerURL)
        guard let region else {
            if links.isEmpty {
                throw CommandFailure(
                    .refused, "no HIE is connected: give one the status connected in the topology file")
            }
            return links
        }
        guard topology.region(region) != nil else {
            let known = topology.regions.map(\.id).joined(separator: ", ")
            throw CommandFailure(.refused, "there is no region \(region) in the topology: it has \(known)")
        }
        let chosen = links.filter { $0.regions.contains(region) }
        if chosen.isEmpty {
            throw CommandFailure(
                .refused,
                "no HIE of region \(region) is connected, so its broker holds nothing: give one the status connected"
            )
        }
        return chosen
    }

    /// Does the same on every broker, some at a time; one that fails does not stop the others. In the order of `links`.
    static func onEach<Value: Sendable>(
        _ links: [BrokerLink], _ act: @escaping @Sendable (BrokerLink) async throws(TopologyError) -> Value
    ) async -> [(link: BrokerLink, outcome: Result<Value, TopologyError>)] {
        await withTaskGroup(of: (Int, Result<Value, TopologyError>).self) { group in
            var outcomes: [Int: Result<Value, TopologyError>] = [:]
            for (index, link) in links.enumerated() {
                if index >= concurrencyMax, let (done, outcome) = await group.next() { outcomes[done] = outcome }
                group.addTask {
                    do throws(TopologyError) {
                        return (index, .success(try await act(link)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for await (done, outcome) in group { outcomes[done] = outcome }
            return links.indices.compactMap { index in outcomes[index].map { (links[index], $0) } }
        }
    }
}
