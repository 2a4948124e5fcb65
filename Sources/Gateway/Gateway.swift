import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
package import Worker

/// The HTTP side of a worker: FHIR, JSON, metrics and health (design §7).
package struct Gateway: Service {
    private let worker: Worker
    private let address: ListenAddress
    private let settings: GatewaySettings
    private let onListening: @Sendable (ListenAddress) async -> Void
    private let logger: Logger

    /// `onListening` is told the address once requests are accepted, with the port that port 0 became.
    package init(
        worker: Worker, address: ListenAddress, settings: GatewaySettings = GatewaySettings(), logger: Logger,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) {
        self.worker = worker
        self.address = address
        self.settings = settings
        self.onListening = onListening
        self.logger = logger
    }

    /// Serves until the graceful stop, which lets requests finish. Throws when it cannot listen.
    package func run() async throws {
        var quiet = logger
        // Its own lines at the start and at the stop say nothing that ours do not.
        quiet.logLevel = max(.warning, logger.logLevel)
        let histograms = Histograms()
        let lookups = PatientRoute(worker: worker, histogram: histograms.lookups)
        try await router(lookups, histograms).serve(
            at: address, settings, logger: quiet,
            handlers: [StalledReader(secondsMax: settings.stalledSecondsMax), ImmediateLane(lookups)],
            onListening: onListening)
    }

    private func router(_ lookups: PatientRoute, _ histograms: Histograms) -> Router<RouteTable.Context> {
        let table = RouteTable(router: Router(context: RouteTable.Context.self, options: .autoGenerateHeadEndpoints))
        table.router.add(middleware: RequestWatch(logger: logger))
        let bodies = BodyReader(
            settings, bytesMax: settings.bodyBytesMax,
            adviceWhenLarger: "split the bundle, or send its resources one a line as application/fhir+ndjson, "
                + "which has no limit")
        let record = RecordRoute(
            worker: worker,
            gate: Gate(
                "queries", places: settings.queriesMax, waitingMax: settings.waitingMax,
                waitSecondsMax: settings.waitSecondsMax),
            histogram: histograms.queries)
        if let records = worker.records {
            table.serveRecords(worker, records, settings, bodies, histograms)
        } else {
            table.serveNoRecords(worker)
        }
        table.serveReads(worker, bodies, record, histograms)
        table.servePatients(worker, settings, lookups, record, histograms)
        table.serveOperations(worker, histograms)
        table.serveDeadLetters(worker, settings)
        table.servePlans(worker, settings)
        return table.router
    }
}

/// How long what took.
struct Histograms: Sendable {
    let lookups = LatencyHistogram()
    let safetyNets = LatencyHistogram()
    let submissions = LatencyHistogram()
    let queries = LatencyHistogram()
}
