import CareRecord
import Foundation
import Gateway
import TestSupport
import Testing

@testable import Worker

@Suite("Records asked of peers that fail", .serialized) struct RecordFaultTests {
    private static let path = "/api/patients/\(Samples.number)/record"
    private static let events = "text/event-stream"

    @Test("P3, P5: a stopped peer is timedOut at the deadline, the index stands in for it, the others have answered")
    func stoppedPeer() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.run(QueryMesh.homerton) { homerton in
                try await mesh.run(QueryMesh.kingston) { kingston in try await gateway.fill(with: homerton + kingston) }
                let json = try await gateway.ask(.get, Self.path + "?deadline=3s").json
                let kingston = json.answers["kingston"]
                #expect(kingston?["state"]?.text == "timedOut" && kingston?["cause"]?.text == "peer")
                #expect(kingston?["reason"]?.text?.hasPrefix("no answer within ") == true)
                #expect(kingston?["asOf"] == .null && kingston?["count"]?.integer == 0)
                #expect((2500...20_000).contains(kingston?["durationMs"]?.integer ?? 0))
                #expect(json["complete"]?.bool == false)
                for hie in ["barts", "homerton"] {
                    #expect(json.answers[hie]?["state"]?.text == "answered")
                    #expect((json.answers[hie]?["durationMs"]?.integer ?? .max) < 3000)
                }
                let standIns = json["standIns"]?.elements ?? []
                #expect(standIns.map { $0["source"]?.text } == ["kingston", "kingston"])
                #expect(standIns.allSatisfy { $0["standIn"]?.bool == true })
                let names = Set(standIns.compactMap { $0["resource"]?.text })
                #expect(names == ["Patient/p-kingston", "Condition/c-kingston"])
                let some = try await gateway.ask(
                    .get, Self.path + "?deadline=9s&peerDeadline=300ms&categories=condition")
                let categories = some.json["standIns"]?.elements?.compactMap { $0["category"]?.text } ?? []
                #expect(Set(categories) == ["condition"])
                #expect((some.json["durationMs"]?.integer ?? .max) < 5000)
            }
        }
    }

    @Test("P3: a peer whose broker is down is not waited for, and the broker is named as the cause")
    func brokerDown() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.run(QueryMesh.homerton) { homerton in
                try await mesh.run(QueryMesh.kingston) { kingston in try await gateway.fill(with: homerton + kingston) }
                try await mesh.removeBroker(of: "swl")
                let isDown = await eventually {
                    gateway.worker.brokers.all.contains { $0.broker == "swl" && $0.state == .down }
                }
                #expect(isDown)
                let json = try await gateway.ask(.get, Self.path + "?deadline=10s").json
                let kingston = json.answers["kingston"]
                #expect(kingston?["state"]?.text == "skipped" && kingston?["cause"]?.text == "broker")
                #expect(kingston?["reason"]?.text?.hasPrefix("broker swl is down") == true)
                #expect(json["standIns"]?.elements?.count == 2)
                #expect((json["durationMs"]?.integer ?? .max) < 5000)
                #expect(json.answers["homerton"]?["state"]?.text == "answered")
                let peers = try await gateway.ask(.get, "/api/peers").json
                #expect(peers["peers"]?.elements?.allSatisfy { $0["breaker"]?.text == "closed" } == true)
            }
        }
    }

    @Test("P5: a peer that goes on failing is skipped at once, and status says since when")
    func openBreaker() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.run(QueryMesh.kingston) { kingston in try await gateway.fill(with: kingston) }
            for _ in 0..<3 { _ = try await gateway.ask(.get, Self.path + "?deadline=2s") }
            let json = try await gateway.ask(.get, Self.path + "?deadline=10s").json
            #expect(json.answers["kingston"]?["state"]?.text == "skipped")
            #expect(json.answers["kingston"]?["reason"]?.text?.hasPrefix("breaker open since ") == true)
            #expect((json["durationMs"]?.integer ?? .max) < 5000)
            let peers = try await gateway.ask(.get, "/api/peers").json["peers"]?.elements ?? []
            let kingston = peers.first { $0["hie"]?.text == "kingston" }
            #expect(kingston?["breaker"]?.text == "open" && kingston?["breakerSince"]?.text?.hasSuffix("Z") == true)
        }
    }

    @Test("a reader who goes away in the middle leaves no question open and no place taken", .timeLimit(.minutes(2)))
    func disconnect() async throws {
        let mesh = try await QueryMesh()
        var settings = GatewaySettings()
        settings.queriesMax = 1
        settings.waitingMax = 0
        try await mesh.serve(settings) { gateway async throws in
            try await mesh.run(QueryMesh.kingston) { kingston in try await gateway.fill(with: kingston) }
            let correspondence = gateway.worker.questioner.correspondence
            let (pieces, arrived) = AsyncStream.makeStream(of: String.self)
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    let stream = try? await gateway.open(Self.path + "?deadline=30s", accept: Self.events)
                    _ = try? await stream?.text { arrived.yield($0) }
                    arrived.finish()
                }
                var begun = ""
                for await piece in pieces {
                    begun += piece
                    if begun.contains("event: answer") { break }
                }
                #expect(begun.hasPrefix("event: index"))
                let busy = try? await gateway.ask(.get, Self.path)
                #expect(busy?.status == 503 && busy?.json["error"]?.text == "throttled")
                #expect(busy?.header("Retry-After") != nil && busy?.text.contains(Samples.number) == false)
                group.cancelAll()
            }
            #expect(await eventually(within: 10) { correspondence.openCount == 0 })
            let next = try await gateway.ask(.get, Self.path + "?deadline=50ms")
            #expect(next.status == 200 && gateway.worker.queries.budget.takenBytes == 0)
            #expect(await eventually { correspondence.openCount == 0 })
        }
    }

    @Test("too many queries at once: as events, the error says so", .timeLimit(.minutes(2)))
    func busyEvents() async throws {
        var settings = GatewaySettings()
        settings.queriesMax = 0
        settings.waitingMax = 0
        try await RunningGateway.with(settings) { gateway async throws in
            let stream = try await gateway.open(Self.path, accept: Self.events)
            let events = SentEvent.read(try await stream.text()).compactMap(\.self)
            #expect(events.map(\.name) == ["error"] && events.first?.json["error"]?.text == "throttled")
            #expect(events.first?.json["detail"]?.text?.contains("again in a few seconds") == true)
        }
    }

    @Test("P8: what cannot be written down is not shown", arguments: ["application/json", "text/event-stream"])
    func brokenTrail(accept: String) async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await gateway.fill(with: [])
            try await mesh.sqlite(QueryMesh.barts, "audit.sqlite", "DROP TABLE event")
            let answer = try await gateway.open(Self.path + "?deadline=300ms", accept: accept)
            let text = try await answer.text()
            #expect(answer.status == (accept == Self.events ? 200 : 500))
            #expect(!text.contains("Asthma") && !text.contains("Condition") && !text.contains(Samples.number))
            if accept == Self.events { #expect(SentEvent.read(text).compactMap(\.self).map(\.name) == ["error"]) }
            #expect(gateway.worker.questioner.correspondence.openCount == 0)
        }
    }

    @Test("a reader who takes nothing of a large answer is let go, and its place with it", .timeLimit(.minutes(2)))
    func stalledReader() async throws {
        var settings = GatewaySettings()
        settings.queriesMax = 1
        settings.waitingMax = 0
        settings.stalledSecondsMax = 1
        try await RunningGateway.with(settings) { gateway async throws in
            let number = try #require(NHSNumber(Samples.number))
            let text = String(repeating: "x", count: 1 << 20)
            _ = try await gateway.worker.submit([FHIRFixture.patient("p", number: number)])
            for id in 0..<7 {
                _ = try await gateway.worker.submit([FHIRFixture.condition("c\(id)", of: "p", display: text)])
            }
            let reader = try SilentReader(url: gateway.url, path: Self.path + "?deadline=200ms", accept: Self.events)
            #expect(await eventually { gateway.worker.counters.now.queries == 1 })
            #expect(try await gateway.ask(.get, Self.path).status == 503)
            #expect(try await eventually { try await gateway.ask(.get, Self.path).status == 200 })
            _ = consume reader
        }
    }
}
