import ArgumentParser
import CareRecord
import Keys
import Topology
import Worker

/// Issues certificates for the HIEs and brokers of a topology.
struct PKIIssue: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "issue",
        abstract: "Issue certificates for the topology's workers and brokers, or make requests for them.",
        discussion: """
            Without --hie and --broker it is for everybody of the topology. What is there and good is kept: doing it \
            again changes nothing. A certificate that has expired or has other names is issued anew with its key.

            DIR/hies/ID.pem and ID.key go to the HIE's worker (--tls-cert, --tls-key), DIR/brokers/REGION.pem and \
            REGION.key to the region's broker. With --request a .csr stands beside each key, for an authority elsewhere.

            Exit status 1 when one could not be issued; the others are all the same.
            """)

    @OptionGroup var keys: KeyDirectoryOptions
    @OptionGroup var topology: TopologyOptions

    @Option(help: .init("An HIE whose worker gets one; may be given again.", valueName: "id"))
    var hie: [HIEIdentifier] = []

    @Option(help: .init("A region whose broker gets one; may be given again.", valueName: "region"))
    var broker: [String] = []

    @Option(
        help: .init(
            "Another DNS name of these brokers, such as localhost; may be given again.", valueName: "name"))
    var dns: [String] = []

    @Option(help: .init("How long they are good for.", valueName: "days"))
    var days = 90

    @Flag(name: .customLong("request"), help: "Make requests for an authority elsewhere, and no certificates.")
    var isRequest = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws { try Lifetime.check(days) }

    func run() async throws {
        let holders = try holders(of: try topology.load())
        let issuing = Issuing(keys.directory, days: days, now: WallClock.system.now)
        let issued = isRequest ? try issuing.requests(for: holders) : try issuing.certificates(for: holders)
        try IssuedReport(issued).print(output)
    }

    private func holders(of topology: Topology) throws -> [Holder] {
        for id in hie where topology.hie(id) == nil {
            let known = topology.hies.map(\.id.text).joined(separator: ", ")
            throw CommandFailure(.refused, "\(id) is not in the topology; it has \(known)")
        }
        for id in broker where topology.region(id) == nil {
            let known = topology.regions.map(\.id).joined(separator: ", ")
            throw CommandFailure(.refused, "there is no region \(id) in the topology; it has \(known)")
        }
        for name in dns { try Holder.check(name) }
        let isForAll = hie.isEmpty && broker.isEmpty
        let hies = topology.hies.map(\.id).filter { isForAll || hie.contains($0) }
        let regions = topology.regions.filter { isForAll || broker.contains($0.id) }
        return hies.map { .hie($0) } + (try regions.map(holder))
    }

    private func holder(_ region: Region) throws -> Holder {
        let (holder, addresses) = try Holder.broker(of: region, more: dns)
        if !addresses.isEmpty {
            Terminal.printError(
                """
                the broker of \(region.id) is also reached at \(addresses.joined(separator: ", ")): workers accept no \
                certificate for an IP address, write a DNS name into the topology file
                """)
        }
        return holder
    }
}
