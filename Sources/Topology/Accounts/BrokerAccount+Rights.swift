package import CareRecord
import Replication

extension BrokerLink {
    /// Whether the HIEs log in there by their certificates, each with an account of its own.
    package var hasAccounts: Bool { addresses.allSatisfy { $0.lowercased().hasPrefix("amqps://") } }

    /// One account for every connected HIE, in file order.
    package func accounts(of topology: Topology) -> [BrokerAccount] {
        topology.connected.map { BrokerAccount(of: $0.id, on: self) }
    }
}

extension BrokerAccount {
    /// The least with which the worker of `hie`, and its read replicas, do their work at the link's broker.
    ///
    /// Permissions on a direct exchange do not see the key that a queue is bound under. `wherry.replies` and
    /// `wherry.replays` are topic exchanges for that: so nobody binds a queue to the key of another HIE's answers.
    package init(of hie: HIEIdentifier, on link: BrokerLink) {
        let isAtHome = link.sources.contains(hie)
        let replies = Pattern.text(BrokerNames.repliesQueue(hie, run: "")) + Pattern.run
        let primary = Seat(hie)
        let streams = [
            BrokerNames.changesQueue(primary), BrokerNames.pulsesQueue(primary), BrokerNames.deadQueue(primary),
        ]
        let asks = [BrokerNames.requestsExchange, BrokerNames.replaysExchange]
        let speaks = isAtHome ? [BrokerNames.changesExchange, BrokerNames.repliesExchange] : []
        var reads = [BrokerNames.repliesExchange]
        if isAtHome { reads.append(BrokerNames.requestsQueue(hie)) }
        // It keeps what reached nobody.
        if link.sources.first == hie { reads.append(BrokerNames.unroutedQueue) }
        self.init(
            name: hie.text, tags: [Self.tag],
            permissions: Permissions(
                configure: Pattern.any([replies]),
                write: Pattern.any([replies] + (speaks + asks).map(Pattern.text)),
                read: Pattern.any(
                    [replies] + streams.map { Pattern.text($0) + Pattern.replica } + reads.map(Pattern.text))),
            topics: [
                BrokerNames.changesExchange: TopicPermissions(
                    write: isAtHome
                        ? Pattern.any([BrokerNames.changeKey(hie), BrokerNames.pulseKey(hie)].map(Pattern.text))
                        : Pattern.nothing,
                    read: Pattern.nothing),
                BrokerNames.repliesExchange: TopicPermissions(
                    write: isAtHome ? Pattern.any([Pattern.hie + Pattern.text(".") + Pattern.run]) : Pattern.nothing,
                    read: Pattern.any([Pattern.text(BrokerNames.replyKey(hie, run: "")) + Pattern.run])),
                BrokerNames.replaysExchange: TopicPermissions(
                    write: Pattern.any([Pattern.text(BrokerNames.replayKey(primary)) + Pattern.replica]),
                    read: Pattern.nothing),
            ])
    }

    /// Pieces of regular expressions.
    private enum Pattern {
        /// ``HIEIdentifier``.
        static let hie = "[a-z0-9-]+"
        /// ``WorkerRun``.
        static let run = "[a-z0-9]+"
        /// The name of a read replica, where there is one.
        static let replica = "(\\.[a-z0-9-]+)?"
        static let nothing = "^$"

        /// Names hold nothing else that means something in a regular expression.
        static func text(_ text: String) -> String { text.replacing(".", with: "\\.") }
        static func any(_ patterns: [String]) -> String { "^(\(patterns.joined(separator: "|")))$" }
    }
}
