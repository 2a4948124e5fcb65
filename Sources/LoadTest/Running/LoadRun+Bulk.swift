import AMQP
import CareRecord
import Foundation

/// A bulk load: changes wait in one source's journal, out of reach of any broker; then the subscribers start, and the
/// source with its brokers, and every subscriber applies them all.
extension LoadRun {
    /// Resources that travel in one request.
    private static let bodyBytes = 1 << 20
    private static let applySecondsMax: Double = 3600
    private static let pollMillisecondsMax = 500.0
    private static let pollMillisecondsMin = 10.0
    private static let verifyBulkSecondsMax: Int64 = 600

    func runBulk() async throws -> LoadResult {
        try await withMesh { mesh in
            let hies = mesh.topology.hies
            let source = hies[0]
            let subscribers = Array(hies.dropFirst())
            onStage(.starting("the source, \(source), without a broker"))
            let lonely = try await mesh.startWorker(source, reach: .nobody)
            let head = try await fillJournal(lonely)
            try await mesh.stopWorker(source)
            try await mesh.startWorkers(subscribers) { onStage(.starting($0)) }
            let endpoint = try await mesh.endpoint(of: source)
            var baselines = BaselineRun(
                profile, directory: settings.directory, executable: settings.executable, worker: nil,
                endpoint: endpoint)
            try await baselines.measure { onStage(.measuringBaseline($0)) }
            var result = await emptyResult(mesh.anyBroker, hies: hies.count)
            result.accounting.attempted = Int(head)
            result.accounting.acknowledged = Int(head)
            let watch = ProcessWatch(mesh)
            let drain = BulkDrain(head: head, source: source)
            var stopped: String?
            do {
                onStage(.starting("the source, \(source)"))
                try await mesh.startWorker(source)
                await watch.look()
                try await apply(drain, at: try await targets(of: subscribers, in: mesh), watch)
                await watch.look()
                onStage(.checking)
                try await verify(source, at: try await targets(of: subscribers, in: mesh), &result)
                try await baselines.measure { onStage(.measuringBaseline($0)) }
            } catch {
                stopped = Self.sentence(of: error, after: drain.seconds)
            }
            drain.fill(&result, subscribers: subscribers.count)
            result.processes = await watch.results
            baselines.fill(&result, subscribers: subscribers.count)
            await result.blame(mesh)
            result.judge(by: profile.criteria, stopped: stopped)
            return result
        }
    }

    private func targets(of hies: [HIEIdentifier], in mesh: LoadMesh) async throws -> [LoadTarget] {
        var targets: [LoadTarget] = []
        for hie in hies { targets.append(try await mesh.target(of: hie)) }
        return targets
    }

    /// Submits the population until so many changes wait. Returns the journal's head.
    private func fillJournal(_ source: LoadTarget) async throws -> Int64 {
        let population = Population(seed: profile.seed, patients: Population.patientsMax, hies: [source.hie])
        var writer = JSONWriter(capacity: Self.bodyBytes * 2)
        var head: Int64 = 0
        var patient = 0
        // A patient has a few resources at least, so the numbers last for more changes than a profile may ask for.
        while head < profile.bulkChanges, patient < population.patients {
            var lines = 0
            while writer.count < Self.bodyBytes, patient < population.patients,
                Int(head) + lines < profile.bulkChanges
            {
                let before = writer.count
                population.write(patient: patient, at: source.hie, as: .ndjson, into: &writer)
                lines += writer.withBytes { $0[before...].count { $0 == UInt8(ascii: "\n") } }
                patient += 1
            }
            let reply = try await PlainRequest.send(
                .post(contentType: "application/x-ndjson", body: writer.bytes), "/fhir", to: source,
                secondsMax: Self.verifyBulkSecondsMax)
            guard (200..<300).contains(reply.status) else {
                throw LoadTestError(.worker, "the source refused a submission with status \(reply.status)")
            }
            writer.removeAll()
            head = try await PlainRequest.json("/api/peers", of: source)["own"]?["head"]?.integer ?? 0
            onStage(.loading(min(1, Double(head) / Double(profile.bulkChanges))))
        }
        return head
    }

    /// Until every subscriber has applied everything.
    private func apply(_ drain: BulkDrain, at subscribers: [LoadTarget], _ watch: ProcessWatch) async throws {
        let deadline = ContinuousClock.now + .seconds(Self.applySecondsMax)
        var lookedAt = ContinuousClock.now
        while true {
            var least = Int64.max
            for subscriber in subscribers {
                least = min(least, try await watermark(of: drain.source, at: subscriber))
            }
            drain.note(least)
            onStage(.applying(least, of: drain.head))
            if drain.isOver { return }
            let now = ContinuousClock.now
            guard now < deadline else {
                throw LoadTestError(
                    .timedOut, "\(drain.head - least) changes were not applied within \(Int(Self.applySecondsMax)) s")
            }
            if now - lookedAt >= .seconds(1) {
                await watch.look()
                lookedAt = now
            }
            // Seldom while much is left, so that asking costs the workers nothing, and often near the end.
            let pause = min(Self.pollMillisecondsMax, max(Self.pollMillisecondsMin, drain.secondsLeft * 250))
            try await Task.sleep(for: .milliseconds(pause))
        }
    }

    private func watermark(of source: HIEIdentifier, at subscriber: LoadTarget) async throws -> Int64 {
        let json = try await PlainRequest.json("/api/peers", of: subscriber)
        let peer = json["peers"]?.elements?.first { $0["hie"]?.text == source.text }
        return peer?["watermark"]?.integer ?? 0
    }

    /// Each subscriber counts its rows anew and asks the source for its digest.
    private func verify(_ source: HIEIdentifier, at subscribers: [LoadTarget], _ result: inout LoadResult) async throws
    {
        for subscriber in subscribers {
            let reply = try await PlainRequest.send(
                .post(contentType: "application/json", body: []), "/api/index/verify", to: subscriber,
                secondsMax: Self.verifyBulkSecondsMax)
            let verdict = (try? JSON.parse(reply.body))?["sources"]?.elements?.first { $0["hie"]?.text == source.text }
            guard verdict?["state"]?.text != "equal" else {
                result.accounting.applied += result.accounting.acknowledged
                continue
            }
            let reason = verdict?["reason"]?.text ?? "it answered with status \(reply.status)"
            throw LoadTestError(
                .worker, "the index of \(subscriber.hie) is not known to be what \(source) holds: \(reason)")
        }
    }
}
