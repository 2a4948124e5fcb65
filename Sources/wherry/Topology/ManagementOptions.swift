import ArgumentParser
import Topology

/// Where the brokers' present state is read.
struct ManagementOptions: ParsableArguments {
    @Option(
        help: .init(
            "The management API of the one broker asked for (default: the file's, or the AMQP port and 10000).",
            valueName: "url"))
    var managementURL: String?

    @Flag(
        name: .customLong("no-accounts"),
        help: "Leave the HIEs' accounts out (otherwise: on brokers whose addresses are all amqps://).")
    var leavesAccountsOut = false

    var accounts: Topology.Accounts { leavesAccountsOut ? .leftOut : .included }

    mutating func validate() throws {
        if let managementURL, ManagementAPI.url(managementURL) == nil {
            throw ValidationError(
                "--management-url is http://HOST:PORT or https://HOST:PORT; the user comes from --broker-user")
        }
    }

    /// `nil` where the broker's own place is meant.
    func url(for links: [BrokerLink]) throws -> String? {
        if managementURL != nil, links.count > 1 {
            throw CommandFailure(
                .refused, "--management-url is one broker's: choose it with --region, or give --broker-url")
        }
        return managementURL.flatMap(ManagementAPI.url)
    }
}
