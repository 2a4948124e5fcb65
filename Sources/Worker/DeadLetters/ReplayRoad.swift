import AMQP
import CareRecord
import Logging
import Replication

/// The sessions over which one plan's letters leave: one a broker, opened when it is needed.
actor ReplayRoad {
    /// What a letter's message is sent as.
    enum Way: Sendable, Hashable {
        case toSubscriber(link: String)
        case toEverybody(link: String, HIEIdentifier)

        var link: String {
            switch self {
            case .toSubscriber(let link), .toEverybody(let link, _): link
            }
        }
    }

    /// Why a letter cannot leave.
    enum Trouble: Error {
        /// Tried again later: the broker is away, or takes nothing.
        case passing(String)
        /// Somebody has to do something.
        case lasting(String)
    }

    private static let windowMax = 1024

    private let seat: Seat
    private let topology: TopologyBoard
    private let logger: Logger
    private var sessions: [String: Session] = [:]
    private var watches: [Task<Void, Never>] = []
    private let onTrouble: @Sendable (Trouble) -> Void

    /// `onTrouble` is told of messages that the broker did not take after all.
    init(
        seat: Seat, topology: TopologyBoard, logger: Logger, onTrouble: @escaping @Sendable (Trouble) -> Void
    ) {
        self.seat = seat
        self.topology = topology
        self.logger = logger
        self.onTrouble = onTrouble
    }

    /// Writes the messages, in order; the broker's confirmations are watched.
    func send(_ messages: [Message], _ way: Way) async throws(Trouble) {
        let outgoing = messages.map { message in
            switch way {
            case .toSubscriber:
                Outgoing(
                    message: message, exchange: BrokerNames.replaysExchange, routingKey: BrokerNames.replayKey(seat),
                    isMandatory: true)
            case .toEverybody(_, let source):
                Outgoing(
                    message: message, exchange: BrokerNames.changesExchange,
                    routingKey: BrokerNames.changeKey(source), isMandatory: true)
            }
        }
        let session = try await session(way.link)
        do throws(AMQPError) {
            _ = try await session.publish(outgoing)
        } catch {
            sessions[way.link] = nil
            session.interrupt()
            throw Self.trouble(error, way.link)
        }
    }

    func close() async {
        for watch in watches { watch.cancel() }
        for session in sessions.values { await session.close() }
        watches = []
        sessions = [:]
    }

    private func session(_ name: String) async throws(Trouble) -> Session {
        if let session = sessions[name] { return session }
        let view = topology.present
        guard let link = view.link(named: name) else {
            throw .lasting("the broker \(name) is not in the topology: replay locally, or cancel")
        }
        var last: AMQPError?
        for endpoint in view.endpoints(of: link) {
            do throws(AMQPError) {
                var settings = SessionSettings("replay", of: seat, to: view.endpoints(of: link))
                settings.publishWindowMax = Self.windowMax
                let session = try await Session.open(endpoint, settings: settings, logger: logger)
                try await session.inspectExchange(BrokerNames.replaysExchange)
                watch(session, name)
                sessions[name] = session
                return session
            } catch {
                last = error
            }
        }
        throw last.map { Self.trouble($0, name) } ?? .lasting("the broker \(name) has no address")
    }

    /// Confirmations come while other letters are on their way: a task of their own, which ends with the session.
    private func watch(_ session: Session, _ name: String) {
        let onTrouble = onTrouble
        watches.append(
            // It lives as long as its session, whichever of the runner's tasks has opened that.
            Task {
                do throws(AMQPError) {
                    while true {
                        for settlement in try await session.nextSettlements() {
                            switch settlement.outcome {
                            case .confirmed: break
                            case .refused:
                                onTrouble(.passing("the broker \(name) refused a message: its queue is full"))
                            case .returned:
                                onTrouble(
                                    .lasting(
                                        "exchange \(BrokerNames.replaysExchange) leads to no queue on broker \(name): "
                                            + "run wherry topology apply, then resume"))
                            }
                        }
                    }
                } catch {
                    guard !Task.isCancelled, error.code != .closed else { return }
                    onTrouble(Self.trouble(error, name))
                    self.forget(session, name)
                }
            })
    }

    private func forget(_ session: Session, _ name: String) {
        if sessions[name] === session { sessions[name] = nil }
    }

    private static func trouble(_ error: AMQPError, _ broker: String) -> Trouble {
        switch error.code {
        case .notFound, .accessRefused, .preconditionFailed:
            .lasting("broker \(broker): \(error): run wherry topology apply, then resume")
        default: .passing("broker \(broker): \(error)")
        }
    }
}
