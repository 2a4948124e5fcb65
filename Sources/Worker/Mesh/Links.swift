import AMQP
import Logging
import ServiceLifecycle
import Topology

/// Keeps one service running for every connection that the topology in force asks for. A connection that goes finishes
/// what it holds; at a stop of the worker all of them do, at the same time.
struct Links: Service {
    private enum Event: Sendable {
        case follows(MeshView)
        case ended(LineID, (any Error)?)
        case stop
    }

    let topology: TopologyBoard
    let brokers: BrokerBoard
    /// How long one that goes may take before it is cancelled.
    let stopTimeoutSeconds: Int
    let clock: WallClock
    let logger: Logger
    let makeService: @Sendable (BrokerLink, BrokerBoard.Role, [Endpoint]) -> any Service

    func run() async throws {
        let (events, inbox) = AsyncStream.makeStream(of: Event.self)
        try await withGracefulShutdownHandler {
            try await withThrowingDiscardingTaskGroup { group in
                group.addTask {
                    for await view in topology.views() { inbox.yield(.follows(view)) }
                }
                try await follow(events, inbox, &group)
                group.cancelAll()
            }
        } onGracefulShutdown: {
            inbox.yield(.stop)
        }
    }

    /// Ends when a stop has ended every connection, or with the error of one that nobody has told to end.
    private func follow(
        _ events: AsyncStream<Event>, _ inbox: AsyncStream<Event>.Continuation,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) async throws {
        var plan = LinePlan()
        var running: [LineID: ServiceGroup] = [:]
        var view = topology.present
        for await event in events {
            let isOver = Task.isShuttingDownGracefully
            var actions = isOver ? plan.want([]) : []
            switch event {
            case .stop: break
            case .follows(let newest):
                if isOver { break }
                view = newest
                brokers.follow(view.lines.map { ($0.link, $0.role) }, now: clock.now)
                actions = plan.want(view.lines)
            case .ended(let line, let error):
                if let error { try note(error, of: line, isExpected: plan.isStopping(line)) }
                running[line] = nil
                actions += plan.ended(line)
            }
            for action in actions {
                switch action {
                case .start(let line):
                    let service = serviceGroup(line, view)
                    running[line] = service
                    group.addTask { inbox.yield(.ended(line, await Self.end(of: service))) }
                case .stop(let line): await running[line]?.triggerGracefulShutdown()
                }
            }
            if isOver, plan.isOver { return }
        }
    }

    /// A group of its own, so that it can be stopped on its own.
    private func serviceGroup(_ line: LineID, _ view: MeshView) -> ServiceGroup {
        guard let link = view.link(named: line.link) else {
            preconditionFailure("only connections of the topology in force are begun")
        }
        var quiet = logger
        // At lower levels it prints services whole, settings included.
        quiet.logLevel = max(.warning, logger.logLevel)
        var configuration = ServiceGroupConfiguration(
            services: [makeService(link, line.role, view.endpoints(of: link))], logger: quiet)
        configuration.maximumGracefulShutdownDuration = .seconds(stopTimeoutSeconds)
        return ServiceGroup(configuration: configuration)
    }

    private static func end(of group: ServiceGroup) async -> (any Error)? {
        do {
            try await group.run()
            return nil
        } catch {
            return error
        }
    }

    private func note(_ error: any Error, of line: LineID, isExpected: Bool) throws {
        guard isExpected else { throw error }
        logger.warning(
            "link.cancelled", metadata: ["broker.name": "\(line.link)", "broker.role": "\(line.role.rawValue)"])
    }
}
