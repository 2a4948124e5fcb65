import HTTPTypes
import Hummingbird
import Storage
import Worker

extension RouteTable {
    /// Own resources: what is sent here, and single ones.
    func serveRecords(
        _ worker: Worker, _ records: RecordStore, _ settings: GatewaySettings, _ bodies: BodyReader,
        _ histograms: Histograms
    ) {
        let desk = SubmissionDesk(
            worker: worker, records: records, settings: settings, histogram: histograms.submissions)
        let submission = SubmissionRoute(desk: desk, bodies: bodies, streams: StreamReader(desk: desk))
        let resource = ResourceRoute(desk: desk, bodies: bodies)

        serve("/fhir", [.post: { request, _ in try await submission.post(request) }])
        serve(
            "/fhir/:type/:id",
            [
                .get: { try await resource.get($0, try Self.key($1)) },
                .put: { try await resource.put($0, try Self.key($1)) },
                .delete: { try await resource.delete($0, try Self.key($1)) },
            ])
    }

    /// What a replica says where the primary serves own resources.
    func serveNoRecords(_ worker: Worker) {
        let route = ReplicaRoute(worker: worker)

        serve("/fhir", [:], otherwise: route.refusal)
        serve(
            "/fhir/:type/:id", [.get: { _, context in try await route.get(try Self.key(context)) }],
            otherwise: route.refusal)
    }

    /// What FHIR clients read from the index, and of the HIEs.
    func serveReads(_ worker: Worker, _ bodies: BodyReader, _ record: RecordRoute, _ histograms: Histograms) {
        let search = SearchRoute(
            patients: PatientSearch(worker: worker, histogram: histograms.lookups),
            entries: EntrySearch(worker: worker, histogram: histograms.lookups), bodies: bodies)
        let crossReference = CrossReference(worker: worker, histogram: histograms.lookups)
        let summary = SummaryRoute(worker: worker, histogram: histograms.lookups)
        let everything = EverythingRoute(worker: worker, record: record)
        let capabilities = CapabilityRoute(worker: worker)

        serve("/fhir/metadata", [.get: { request, _ in try capabilities.get(request) }])
        serve("/fhir/:type", [.get: { try await search.get($0, type: try Self.parameter("type", $1)) }])
        serve("/fhir/:type/_search", [.post: { try await search.post($0, type: try Self.parameter("type", $1)) }])
        serveOnPatient("/fhir/:type/$ihe-pix") { request, _ in try await crossReference.get(request) }
        serveOnPatient("/fhir/:type/$summary") { request, _ in try await summary.get(request) }
        serveOnPatient("/fhir/:type/:id/$summary") { try await summary.get($0, id: try Self.parameter("id", $1)) }
        serveOnPatient("/fhir/:type/:id/$everything") {
            try await everything.get($0, id: try Self.parameter("id", $1))
        }
    }

    /// Lookups, queries and lists, in forms of their own.
    func servePatients(
        _ worker: Worker, _ settings: GatewaySettings, _ patient: PatientRoute, _ record: RecordRoute,
        _ histograms: Histograms
    ) {
        let results = ResultsRoute(worker: worker, histogram: histograms.lookups)
        let safetyNet = SafetyNetRoute(worker: worker, settings: settings, histogram: histograms.safetyNets)

        serve(
            "/api/patients/:nhsNumber",
            [.get: { try await patient.get($0, number: try Self.parameter("nhsNumber", $1)) }])
        serve(
            "/api/patients/:nhsNumber/record",
            [.get: { try await record.get($0, number: try Self.parameter("nhsNumber", $1)) }])
        serve(
            "/api/patients/:nhsNumber/results",
            [.get: { try await results.get($0, number: try Self.parameter("nhsNumber", $1)) }])
        serve("/api/safety-net", [.post: { request, _ in try await safetyNet.post(request) }])
    }

    /// What operators and their programs ask.
    func serveOperations(_ worker: Worker, _ histograms: Histograms) {
        let incidents = IncidentsRoute(worker: worker)
        let peers = PeersRoute(worker: worker)
        let progress = ProgressRoute(worker: worker)
        let latencies = LatenciesRoute(worker: worker)
        let index = IndexRoutes(worker: worker)
        let health = HealthRoutes(worker: worker)
        let metrics = MetricsRoute(worker: worker, histograms: histograms)

        serve("/api/incidents", [.get: { _, _ in try await incidents.get() }])
        serve("/api/progress", [.get: { request, _ in progress.get(request) }])
        serve("/api/latencies", [.get: { _, _ in latencies.get() }])
        serve("/api/peers", [.get: { _, _ in try await peers.get() }])
        serve("/api/index/verify", [.post: { _, _ in await index.verify() }])
        serve("/api/index/rebuild", [.post: { _, _ in try await index.rebuild() }])
        serve("/metrics", [.get: { _, _ in try await metrics.get() }])
        serve("/livez", [.get: { _, _ in health.live() }])
        serve("/readyz", [.get: { _, _ in health.ready() }])
    }

    /// Dead letters as they are.
    func serveDeadLetters(_ worker: Worker, _ settings: GatewaySettings) {
        let letters = DeadLetterRoutes(worker: worker, settings: settings)
        let transfer = LetterTransferRoutes(worker: worker, settings: settings)

        serve("/api/deadletters", [.get: { request, _ in try await letters.list(request) }])
        serve("/api/deadletters/export", [.get: { request, _ in try await transfer.export(request) }])
        serve("/api/deadletters/import", [.post: { request, _ in try await transfer.take(request) }])
        serve("/api/deadletters/discard", [.post: { request, _ in try await letters.discard(request) }])
        serve("/api/deadletters/restore", [.post: { request, _ in try await letters.restore(request) }])
        serve("/api/deadletters/:id", [.get: { try await letters.view($0, try Self.parameter("id", $1)) }])
        serve("/api/deadletters/:id/edit", [.post: { try await letters.edit($0, try Self.parameter("id", $1)) }])
    }

    /// Replays of dead letters.
    func servePlans(_ worker: Worker, _ settings: GatewaySettings) {
        let plans = PlanRoutes(worker: worker, settings: settings)
        let report = ReportRoute(worker: worker)

        serve(
            "/api/deadletters/plans",
            [
                .get: { request, _ in try await plans.list(request) },
                .post: { request, _ in try await plans.make(request) },
            ])
        serve("/api/deadletters/plans/:plan", [.get: { try await plans.view($0, try Self.parameter("plan", $1)) }])
        serve(
            "/api/deadletters/plans/:plan/letters",
            [.get: { try await plans.letters($0, try Self.parameter("plan", $1)) }])
        serve(
            "/api/deadletters/plans/:plan/report",
            [.get: { try await report.get($0, try Self.parameter("plan", $1)) }])
        serve(
            "/api/deadletters/plans/:plan/replay",
            [.post: { try await plans.replay($0, try Self.parameter("plan", $1)) }])
        serve(
            "/api/deadletters/plans/:plan/pause",
            [.post: { try await plans.pause($0, try Self.parameter("plan", $1)) }])
        serve(
            "/api/deadletters/plans/:plan/resume",
            [.post: { try await plans.resume($0, try Self.parameter("plan", $1)) }])
        serve(
            "/api/deadletters/plans/:plan/cancel",
            [.post: { try await plans.cancel($0, try Self.parameter("plan", $1)) }])
    }

    /// An operation of FHIR on a patient.
    private func serveOnPatient(_ path: RouterPath, _ handler: @escaping Handler) {
        serve(
            path,
            [
                .get: { request, context in
                    try Self.demandPatient(context)
                    return try await handler(request, context)
                }
            ])
    }
}
