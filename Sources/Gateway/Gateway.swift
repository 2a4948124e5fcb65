import CareRecord
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
package import Worker

/// The HTTP side of a worker: FHIR, JSON, metrics and health (design §7).
package struct Gateway: Service {
    private typealias Context = BasicRequestContext
    private typealias Handler = @Sendable (Request, Context) async throws -> Response

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
        var configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [StalledReader(secondsMax: settings.stalledSecondsMax)],
            idleTimeout: .seconds(Int64(settings.idleSecondsMax)))
        configuration.httpDecoder.maxHeaderFieldSize = settings.headerBytesMax
        configuration.httpDecoder.maxHeaderListSize = settings.headerBytesMax
        configuration.httpDecoder.maxHeaderFieldCount = 100
        var quiet = logger
        // Its own lines at the start and at the stop say nothing that ours do not.
        quiet.logLevel = max(.warning, logger.logLevel)
        let application = Application(
            router: router(), server: .http1(configuration: configuration),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: MaximumAvailableConnections(settings.connectionsMax, logger: quiet)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? address.port
                await onListening(ListenAddress(host: address.host, port: port))
            },
            logger: quiet)
        try await application.run()
    }

    private func router() -> Router<Context> {
        let lookups = LatencyHistogram()
        let submissions = LatencyHistogram()
        let desk = SubmissionDesk(worker: worker, settings: settings, histogram: submissions)
        let bodies = BodyReader(
            settings, bytesMax: settings.bodyBytesMax,
            adviceWhenLarger: "split the bundle, or send its resources one a line as application/fhir+ndjson, "
                + "which has no limit")
        let submission = SubmissionRoute(desk: desk, bodies: bodies, streams: StreamReader(desk: desk))
        let resource = ResourceRoute(desk: desk, bodies: bodies)
        let patient = PatientRoute(worker: worker, histogram: lookups)
        let queries = LatencyHistogram()
        let record = RecordRoute(
            worker: worker,
            gate: Gate(
                "queries", places: settings.queriesMax, waitingMax: settings.waitingMax,
                waitSecondsMax: settings.waitSecondsMax),
            histogram: queries)
        let incidents = IncidentsRoute(worker: worker)
        let results = ResultsRoute(worker: worker, histogram: lookups)
        let safetyNets = LatencyHistogram()
        let safetyNet = SafetyNetRoute(worker: worker, settings: settings, histogram: safetyNets)
        let peers = PeersRoute(worker: worker)
        let index = IndexRoutes(worker: worker)
        let health = HealthRoutes(worker: worker)
        let metrics = MetricsRoute(
            worker: worker, lookups: lookups, safetyNets: safetyNets, submissions: submissions, queries: queries)

        let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestWatch(logger: logger))
        serve(router, "/fhir", [.post: { request, _ in try await submission.post(request) }])
        serveReads(router, bodies, lookups)
        let everything = EverythingRoute(worker: worker, record: record)
        serve(
            router, "/fhir/:type/:id/$everything",
            [
                .get: {
                    try Self.demandPatient($1)
                    return try await everything.get($0, id: try Self.parameter("id", $1))
                }
            ])
        serve(
            router, "/fhir/:type/:id",
            [
                .get: { try await resource.get($0, try Self.key($1)) },
                .put: { try await resource.put($0, try Self.key($1)) },
                .delete: { try await resource.delete($0, try Self.key($1)) },
            ])
        serve(
            router, "/api/patients/:nhsNumber",
            [.get: { try await patient.get($0, number: try Self.parameter("nhsNumber", $1)) }])
        serve(
            router, "/api/patients/:nhsNumber/record",
            [.get: { try await record.get($0, number: try Self.parameter("nhsNumber", $1)) }])
        serve(router, "/api/incidents", [.get: { _, _ in try await incidents.get() }])
        serve(
            router, "/api/patients/:nhsNumber/results",
            [.get: { try await results.get($0, number: try Self.parameter("nhsNumber", $1)) }])
        serve(router, "/api/safety-net", [.post: { request, _ in try await safetyNet.post(request) }])
        serve(router, "/api/peers", [.get: { _, _ in try await peers.get() }])
        serve(router, "/api/index/verify", [.post: { _, _ in await index.verify() }])
        serve(router, "/api/index/rebuild", [.post: { _, _ in try await index.rebuild() }])
        serve(router, "/metrics", [.get: { _, _ in try await metrics.get() }])
        serve(router, "/livez", [.get: { _, _ in health.live() }])
        serve(router, "/readyz", [.get: { _, _ in health.ready() }])
        return router
    }

    /// What FHIR clients read from the index.
    private func serveReads(_ router: Router<Context>, _ bodies: BodyReader, _ histogram: LatencyHistogram) {
        let search = SearchRoute(
            patients: PatientSearch(worker: worker, histogram: histogram),
            entries: EntrySearch(worker: worker, histogram: histogram), bodies: bodies)
        let crossReference = CrossReference(worker: worker, histogram: histogram)
        let summary = SummaryRoute(worker: worker, histogram: histogram)
        let capabilities = CapabilityRoute(worker: worker)

        serve(router, "/fhir/metadata", [.get: { request, _ in try capabilities.get(request) }])
        serve(router, "/fhir/:type", [.get: { try await search.get($0, type: try Self.parameter("type", $1)) }])
        serve(
            router, "/fhir/:type/_search",
            [.post: { try await search.post($0, type: try Self.parameter("type", $1)) }])
        serve(
            router, "/fhir/:type/$ihe-pix",
            [
                .get: {
                    try Self.demandPatient($1)
                    return try await crossReference.get($0)
                }
            ])
        serve(
            router, "/fhir/:type/$summary",
            [
                .get: {
                    try Self.demandPatient($1)
                    return try await summary.get($0)
                }
            ])
        serve(
            router, "/fhir/:type/:id/$summary",
            [
                .get: {
                    try Self.demandPatient($1)
                    return try await summary.get($0, id: try Self.parameter("id", $1))
                }
            ])
    }

    /// Serves these methods under the path, and tells which they are to any other.
    private func serve(_ router: Router<Context>, _ path: RouterPath, _ handlers: [HTTPRequest.Method: Handler]) {
        let allowed = [HTTPRequest.Method.get, .put, .post, .delete].filter { handlers[$0] != nil }
        for method in [HTTPRequest.Method.get, .put, .post, .delete, .patch] {
            let handler = handlers[method] ?? { _, _ in throw Refusal.notAllowed(allowed) }
            router.on(path, method: method, use: handler)
        }
    }

    private static func parameter(_ name: String, _ context: Context) throws(Refusal) -> String {
        guard let text = context.parameters.get(name)?.percentDecoded else {
            throw Refusal(.badRequest, .value, "the path is not valid")
        }
        return text
    }

    /// Operations are on patients only.
    private static func demandPatient(_ context: Context) throws(Refusal) {
        guard try parameter("type", context) == "Patient" else {
            throw Refusal(.notFound, .notSupported, "there is no such operation on this type: it is one on Patient")
        }
    }

    private static func key(_ context: Context) throws(Refusal) -> ResourceKey {
        guard let key = ResourceKey(type: try parameter("type", context), id: try parameter("id", context)) else {
            throw Refusal(
                .badRequest, .value,
                "the path is /fhir/{type}/{id}; an id is 1 to 64 letters, digits, hyphens and full stops"
            )
        }
        return key
    }
}
