import ArgumentParser

/// Keys and certificates for brokers and workers.
struct PKICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pki",
        abstract: "Keys and certificates of brokers and workers: a private authority, or requests to a real one.",
        discussion: """
            Brokers and workers show each other certificates; a worker logs in as the user that its certificate names, \
            which is its HIE's id.

            Examples:
              wherry pki init --dir keys
              wherry pki issue --dir keys --topology Topology/onelondon.yaml
              wherry pki issue --dir keys --topology Topology/onelondon.yaml --hie barts --request
              wherry pki renew --dir keys --within 30d
              wherry pki show --dir keys
            """,
        subcommands: [PKIInit.self, PKIIssue.self, PKIRenew.self, PKIShow.self])
}
