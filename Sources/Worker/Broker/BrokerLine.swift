import AMQP
import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Topology

/// One connection's worth of work with a broker, kept up for as long as the worker runs: a session is opened, used
/// until it ends, and replaced by another after a jittered, bounded wait.
struct BrokerLine: Sendable {
    /// As it was when the line was begun.
    let begun: BrokerLink
    let role: BrokerBoard.Role
    let endpoints: [Endpoint]
    let settings: SessionSettings
    /// `nil` where another line of the same broker sees to it.
    let slowness: Slowness?
    let topology: TopologyBoard
    let board: BrokerBoard
    let counters: CounterBoard
    let clock: WallClock
    let logger: Logger

    /// Who vouches for what comes over it.
    var voucher: Voucher { Voucher(endpoints) }

    /// A session that lasted this long was a success: the next wait is short again.
    private static let goodSessionMilliseconds: Int64 = 10_000

    /// The link as the topology in force has it: its HIEs come and go while the line stays.
    var link: BrokerLink { topology.present.link(named: begun.name) ?? begun }

    /// Runs `work` on one session after another until the graceful stop. `work` returns when it has finished what it
    /// held after a stop, and throws when its session ended.
    func run(_ work: @escaping @Sendable (Session) async throws -> Void) async {
        var backOff = BackOff()
        var attempt = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            let startedAt = clock.now
            do {
                let endpoint = endpoints[attempt % endpoints.count]
                attempt += 1
                let session = try await cancelWhenGracefulShutdown { [settings, logger] in
                    try await Session.open(endpoint, settings: settings, logger: logger)
                }
                try await use(session, work)
            } catch {
                note(error)
            }
            if clock.now.since(startedAt) > Self.goodSessionMilliseconds { backOff.reset() }
            if Task.isCancelled || Task.isShuttingDownGracefully { return }
            let wait = backOff.next()
            _ = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: wait) }
            counters.count { $0.reconnects += 1 }
        }
    }

    private func use(_ session: Session, _ work: @escaping @Sendable (Session) async throws -> Void) async throws {
        do {
            try await withThrowingTaskGroup { group in
                group.addTask { try await watch(session) }
                group.addTask { try await work(session) }
                if let slowness { group.addTask { try await watchSlowness(session, slowness) } }
                // Whichever ends first decides: the work is done, or the session is over.
                defer { group.cancelAll() }
                try await group.next()
            }
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }

    /// Ends with an error when the session does; meanwhile shows whether the broker takes messages.
    private func watch(_ session: Session) async throws {
        for await event in session.events {
            switch event {
            case .blocked(let reason):
                set(.blocked, reason: "the broker takes no messages: \(reason)")
                logger.warning("broker.blocked", metadata: metadata(reason: reason))
            case .unblocked:
                set(.connected)
                logger.notice("broker.unblocked", metadata: metadata())
            }
        }
        // The stream ends for a cancelled task too, and then the session goes on until it is closed.
        if !Task.isCancelled { throw await session.ended() }
    }

    /// To be called once the session does what it is for, so that "connected" means more than a socket.
    func noteConnected() {
        if set(.connected) { logger.notice("broker.connected", metadata: metadata()) }
    }

    private func note(_ error: any Error) {
        let reason = (error as? AMQPError)?.operatorReason(broker: begun.name) ?? "\(error)"
        if Task.isShuttingDownGracefully || Task.isCancelled { return }
        if set(.down, reason: reason) { logger.warning("broker.down", metadata: metadata(reason: reason)) }
    }

    @discardableResult
    private func set(_ state: BrokerCondition.State, reason: String? = nil) -> Bool {
        board.set(state, broker: begun.name, role: role, reason: reason, now: clock.now)
    }

    func metadata(reason: String? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["broker.name": "\(begun.name)", "broker.role": "\(role.rawValue)"]
        if let reason { metadata["broker.reason"] = "\(reason)" }
        return metadata
    }
}

extension AMQPError {
    /// What happened and what the operator can do about it.
    func operatorReason(broker: String) -> String {
        switch code {
        case .notFound: "\(self) on broker \(broker): run wherry topology apply"
        case .accessRefused:
            "\(self) on broker \(broker): run wherry topology apply, and check that the certificate or the user is "
                + "this HIE's own"
        case .authenticationRefused:
            "\(self) on broker \(broker): run wherry topology apply, which makes the HIEs' accounts, and check that "
                + "the certificate's common name is this HIE's id, or user and password where no certificate is given"
        case .preconditionFailed where reason.contains("user_id"):
            "\(self) on broker \(broker): the certificate is another HIE's: give this one's with --tls-cert and "
                + "--tls-key"
        default: "\(self)"
        }
    }
}
