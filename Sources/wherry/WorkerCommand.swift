import ArgumentParser
import CareRecord
import Gateway
import Logging
import Replication
import ServiceLifecycle
import Storage
import Topology
import UnixSignals
import Worker

/// Runs one of an HIE's workers until it is told to stop.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Run the worker of one HIE, or a read replica of it.",
        discussion: """
            It publishes what changes in the HIE's own records, keeps the index of what every other HIE holds, and \
            serves both over HTTP. It goes on without its brokers and without its peers; SIGTERM or SIGINT ends it \
            within seconds, and nothing that was accepted is lost.

            The topology file is looked at again every two seconds: HIEs that become connected there, leave or \
            move are followed without a restart. A file that cannot be used changes nothing, and readyz and \
            status say why. The files of --tls-ca, --tls-cert and --tls-key are followed the same way: once they go \
            together, connections that use them take the place of the others.

            With --replica it is one more worker of the same HIE that reads only: it has queues, an index and a \
            directory of its own and no journal, subscribes to its own HIE as to any other, and refuses records. \
            The topology file names an HIE's replicas, and wherry topology apply declares their queues.

            Examples:
              wherry worker --topology Topology/onelondon.yaml --hie barts --data /var/lib/wherry/barts
              wherry worker --hie homerton --data ./homerton --listen 127.0.0.1:8081 --broker-url amqp://127.0.0.1
              wherry worker --hie barts --replica a --data ./barts-a --listen 127.0.0.1:8082 --drain 5s
            """)

    /// How long a stop may take before what is under way is cancelled.
    private static let stopSecondsMax: Int64 = 10
    /// A source is silent after this many of its pulses stayed away, halves counted.
    private static let silentAfterHalfPulses: Int64 = 7

    private static let drainSecondsMax: Int64 = 300
    private static let messageChangesMax = 10_000
    private static let breakerFailuresMax = 1000
    /// The longest wait of a breaker as a multiple of the first.
    private static let breakerOpenFactor: Int64 = 4

    @OptionGroup var topology: TopologyOptions

    @Option(help: .init("The HIE whose worker this is.", valueName: "id"))
    var hie: HIEIdentifier

    @Option(
        help: .init(
            "Run this read replica of the HIE, one of its replicas: in the topology file.", valueName: "name"))
    var replica: ReplicaName?

    @Option(
        help: .init("The directory of its files; made where it is missing, used by one worker.", valueName: "dir"),
        completion: .directory)
    var data: String

    @Option(help: .init("Where to serve HTTP; an IPv6 address in brackets, port 0 for any.", valueName: "host:port"))
    var listen = ListenAddress(host: "127.0.0.1", port: 8080)

    @Option(
        help: .init(
            "Behind a load balancer: at a stop readyz says 503 for this long before the port is closed.",
            valueName: "time"))
    var drain: TimeSpan?

    private var drainMilliseconds: Int64 { drain?.milliseconds ?? 0 }

    @OptionGroup var brokers: BrokerOptions

    @Option(help: .init("How often to tell the peers how far this HIE's journal is.", valueName: "time"))
    var pulseInterval = TimeSpan(milliseconds: 2000)

    @Option(
        help: .init(
            "Changes that travel in one message at most; under load they are packed up to this.", valueName: "count"))
    var messageChanges = OutboxMachine.Limits().batchChangesMax

    @Option(help: .init("An answer to a query that takes longer is slow.", valueName: "time"))
    var breakerSlowAfter = TimeSpan(milliseconds: CircuitBreaker.Settings().slowAfterMilliseconds)

    @Option(help: .init("Failures in a row after which a peer is not asked for a while.", valueName: "count"))
    var breakerFailures = CircuitBreaker.Settings().failuresMax

    @Option(help: .init("How long at first; at most four times as long.", valueName: "time"))
    var breakerOpen = TimeSpan(milliseconds: CircuitBreaker.Settings().openMilliseconds)

    @Option(help: .init("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = Logger.Level.info

    mutating func validate() throws {
        guard (1...Self.messageChangesMax).contains(messageChanges) else {
            throw ValidationError("--message-changes is a number from 1 to \(Self.messageChangesMax)")
        }
        guard drainMilliseconds <= Self.drainSecondsMax * 1000 else {
            throw ValidationError("--drain is a time up to \(Self.drainSecondsMax)s")
        }
        guard (1...Self.breakerFailuresMax).contains(breakerFailures) else {
            throw ValidationError("--breaker-failures is a number from 1 to \(Self.breakerFailuresMax)")
        }
    }

    func run() async throws {
        let level = logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let seat = Seat(hie, replica: replica)
        let logger = Logger(label: "wherry.\(seat)")
        let worker = try await open(logger)
        let gateway = Gateway(worker: worker, address: listen, logger: logger) { address in
            Terminal.print("wherry worker \(seat) listening on \(address.url)")
        }
        // Services stop in turn, the last one first.
        let farewell = Farewell(worker: worker, milliseconds: drainMilliseconds)
        var quiet = logger
        // At lower levels it prints services whole, settings included.
        quiet.logLevel = max(.warning, logLevel)
        var configuration = ServiceGroupConfiguration(
            services: worker.services + [gateway, farewell], gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet
        )
        configuration.maximumGracefulShutdownDuration = .milliseconds(drainMilliseconds + Self.stopSecondsMax * 1000)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            throw CommandFailure(.failed, "worker \(seat) on \(listen) stopped: \(Self.reason(of: error, at: listen))")
        }
    }

    private func open(_ logger: Logger) async throws -> Worker {
        var settings = WorkerSettings(
            topology: try topology.load(), hie: hie, dataDirectory: data, brokerURL: brokers.brokerURL)
        settings.replica = replica
        settings.topologyFile = try topology.lastingPath()
        settings.access = try brokers.access()
        settings.outbox.batchChangesMax = messageChanges
        settings.pulseIntervalMilliseconds = pulseInterval.milliseconds
        settings.silentAfterMilliseconds = pulseInterval.milliseconds * Self.silentAfterHalfPulses / 2
        settings.breaker.slowAfterMilliseconds = breakerSlowAfter.milliseconds
        settings.breaker.failuresMax = breakerFailures
        settings.breaker.openMilliseconds = breakerOpen.milliseconds
        settings.breaker.openMillisecondsMax = breakerOpen.milliseconds * Self.breakerOpenFactor
        do {
            return try await Worker(settings, logger: logger)
        } catch let error as WorkerError {
            throw CommandFailure(.refused, error.reason)
        } catch let error as StorageError {
            throw CommandFailure(.failed, error.reason)
        }
    }

    private static func reason(of error: any Error, at address: ListenAddress) -> String {
        switch SystemError.number(of: error) {
        case .addressInUse?: "the address is in use: give another with --listen, or end what listens there"
        case .notPermitted?: "a port below 1024 needs a privilege: give another with --listen"
        case .noSuchAddress?: "this machine has no such address: give one of its own with --listen"
        case .connectionRefused?, nil: "\(error)"
        }
    }
}
