import CareRecord
import Gateway
import Replication
import Storage
import Testing
import Worker

@Suite("Peers, metrics and health")
struct OperationsTests {
    @Test("peers are all other HIEs of the topology, with why each is not complete, and the brokers")
    func peers() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.eventually("/api/peers") {
                $0.json["brokers"]?.elements?.first?["state"]?.text == "down"
            }
            #expect(answer.json["hie"]?.text == "barts")
            let peers = answer.json["peers"]?.elements ?? []
            #expect(peers.map { $0["hie"]?.text } == ["homerton", "imperial"])
            #expect(peers.map { $0["state"]?.text } == ["silent", "planned"])
            #expect(peers[0]["reason"]?.text?.contains("broker nel is down") == true)
            for member in ["watermark", "head", "behind", "asOf", "held", "breaker"] {
                #expect(peers[0][member] != nil)
            }
            let broker = answer.json["brokers"]?.elements?.first
            #expect(broker?["broker"]?.text == "nel" && broker?["since"]?.text?.hasSuffix("Z") == true)
            #expect(broker?["reason"]?.text?.isEmpty == false)
            #expect(answer.json["own"]?["head"]?.integer == 0 && answer.json["own"]?["epoch"]?.text != nil)
            // The first epoch has no reason.
            #expect(answer.json["own"]?["epochReason"] == nil)
            for member in ["questionsAsked", "answersGiven", "changesRepaired", "rowsMended", "indexRebuilds"] {
                #expect(answer.json["counters"]?[member]?.integer == 0)
            }
            #expect(peers.map { $0["breaker"]?.text } == ["closed", "closed"] && peers[0]["breakerSince"] == nil)
            #expect(answer.json["incidents"]?["foreignAnswer"]?.integer == 0)
        }
    }

    @Test("incidents are counted and named without the patient, the newest first")
    func incidents() async throws {
        try await RunningGateway.with { gateway async throws in
            let worker = gateway.worker
            let homerton = try #require(HIEIdentifier("homerton"))
            let requester = try #require(
                Requester(person: "Dr A. Example", role: "r", organisation: "o", purpose: "p"))
            try await worker.audit.append(
                [
                    AccessEvent(.questionRefused, detail: "a stranger asks"),
                    AccessEvent(.recordRead, hie: homerton, patient: NHSNumber(Samples.number), requester: requester),
                    AccessEvent(.foreignAnswer, hie: homerton, patient: NHSNumber(Samples.number), detail: "not shown"),
                ], now: worker.clock.now)
            let answer = try await gateway.ask(.get, "/api/incidents")
            #expect(answer.status == 200 && answer.json["hie"]?.text == "barts")
            let incidents = answer.json["incidents"]?.elements ?? []
            #expect(incidents.map { $0["kind"]?.text } == ["foreign-answer", "question-refused"])
            #expect(incidents.map { $0["number"]?.integer } == [3, 1])
            #expect(incidents[0]["source"]?.text == "homerton" && incidents[1]["source"] == nil)
            #expect(incidents[0]["at"]?.text?.hasSuffix("Z") == true && incidents[0]["detail"]?.text == "not shown")
            #expect(!answer.text.contains(Samples.number) && !answer.text.contains("Example"))
            let peers = try await gateway.ask(.get, "/api/peers").json
            for counts in [answer.json["counts"], peers["incidents"]] {
                #expect(counts?["foreignAnswer"]?.integer == 1 && counts?["questionRefused"]?.integer == 1)
            }
        }
    }

    @Test("own changes that no broker has taken are shown as unpublished")
    func unpublished() async throws {
        try await RunningGateway.with { gateway async throws in
            try await gateway.put("/fhir/Patient/p1", Samples.patient())
            let own = try await gateway.ask(.get, "/api/peers").json["own"]
            #expect(own?["head"]?.integer == 1 && own?["unpublished"]?.integer == 1)
        }
    }

    @Test("metrics are what a strict reader of the Prometheus text format takes, and tell what happened")
    func metrics() async throws {
        try await RunningGateway.with { gateway async throws in
            try await gateway.put("/fhir/Patient/p1", Samples.patient())
            _ = try await gateway.eventually("/api/patients/\(Samples.number)") {
                $0.json["entries"]?.elements?.count == 1
            }
            // What was done is counted just after it shows.
            let answer = try await gateway.eventually("/metrics") {
                $0.text.contains("wherry_changes_applied_total{source=\"barts\"} 1")
            }
            #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
            let metrics = try ExpositionReader.read(answer.text)
            #expect(metrics.value("wherry_source_head", ["source": "barts"]) == 1)
            #expect(metrics.value("wherry_source_watermark", ["source": "homerton"]) == 0)
            #expect(metrics.value("wherry_source_state", ["source": "barts", "state": "complete"]) == 1)
            #expect(metrics.value("wherry_source_state", ["source": "imperial", "state": "planned"]) == 1)
            #expect(metrics.value("wherry_source_state", ["source": "imperial", "state": "complete"]) == 0)
            #expect(metrics.value("wherry_changes_applied_total", ["source": "barts"]) == 1)
            #expect(metrics.value("wherry_journal_head", [:]) == 1)
            #expect(metrics.value("wherry_journal_published_through", [:]) == 0)
            #expect(metrics.value("wherry_resources_accepted_total", [:]) == 1)
            #expect(metrics.value("wherry_submission_duration_seconds_count", [:]) == 1)
            #expect((metrics.value("wherry_lookup_duration_seconds_count", [:]) ?? 0) >= 1)
            #expect((metrics.value("process_resident_memory_bytes", [:]) ?? 0) > 1_000_000)
            #expect((metrics.value("process_open_fds", [:]) ?? 0) > 3)
            #expect((metrics.value("process_start_time_seconds", [:]) ?? 0) > 1_600_000_000)
            #expect(metrics.value("wherry_build_info", ["version": ProductVersion.text]) == 1)
            for name in ["questions_asked", "answers_given", "index_rows_mended", "epochs_begun", "index_rebuilds"] {
                #expect(metrics.value("wherry_\(name)_total", [:]) == 0)
            }
            #expect(metrics.value("wherry_messages_parked_total", ["cause": "undecodable"]) == 0)
            #expect(!answer.text.contains(Samples.number))
        }
    }

    @Test("P4: a worker without its brokers is alive, and ready to be asked, but degraded with the reason")
    func health() async throws {
        try await RunningGateway.with { gateway async throws in
            #expect(try await gateway.ask(.get, "/livez").status == 200)
            let answer = try await gateway.eventually("/readyz") {
                $0.json["reasons"]?.elements?.first?["state"]?.text == "down"
            }
            #expect(answer.status == 200 && answer.json["status"]?.text == "degraded")
            #expect(answer.json["reasons"]?.elements?.first?["part"]?.text == "broker nel")
        }
    }

    @Test(
        "an unknown path is 404 and a wrong method 405 with those that are right",
        arguments: [
            (RunningGateway.Verb.get, "/nowhere", 404, nil), (.get, "/api/patients", 404, nil),
            (.get, "/fhir/nowhere", 404, nil),
            (.delete, "/livez", 405, "GET"), (.put, "/api/peers", 405, "GET"), (.get, "/fhir", 405, "POST"),
            (.patch, "/fhir/Patient/p1", 405, "GET, PUT, DELETE"),
        ])
    func wrongWay(_ verb: RunningGateway.Verb, _ path: String, _ status: Int, _ allow: String?) async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(verb, path)
            #expect(answer.status == status && answer.header("Allow") == allow)
            if path.hasPrefix("/fhir") {
                #expect(answer.json["resourceType"]?.text == "OperationOutcome")
            } else {
                #expect(answer.json["error"]?.text != nil && answer.json["detail"]?.text?.isEmpty == false)
            }
        }
    }

    @Test("HEAD answers as GET does, without the body")
    func head() async throws {
        try await RunningGateway.with { gateway async throws in
            let answer = try await gateway.ask(.head, "/readyz")
            #expect(answer.status == 200 && answer.body.isEmpty)
        }
    }

    @Test("an IPv6 address is listened on")
    func ipv6() async throws {
        try await RunningGateway.with(host: "::1") { gateway async throws in
            #expect(gateway.url.hasPrefix("http://[::1]:"))
            #expect(try await gateway.ask(.get, "/livez").status == 200)
        }
    }
}
