import Foundation
import LoadTest
import TestSupport
import Testing

extension FaultTests {
    @Suite("of the broker") struct BrokerFaultTests {
        @Test("promises P1 and P3: workers start without a broker and say so; with it they come into order")
        func absentAtStart() async throws {
            let mesh = try await FaultMesh(declares: false)
            try await mesh.broker.kill()
            try await mesh.startAll()
            for hie in FaultMesh.hies {
                let client = try await mesh.client(hie)
                let namesIt = try await eventually {
                    let ready = try await client.readiness()
                    let brokers = try await client.status().brokers
                    return ready.status == "degraded"
                        && ready.reasons.contains { $0.part == "broker all" && $0.state == "down" && $0.reason != "" }
                        && brokers.contains { $0.broker == "all" && $0.state == "down" && $0.reason?.isEmpty == false }
                }
                #expect(namesIt, "\(hie) names the broker and the reason")
            }
            // What is taken in meanwhile is in the HIE's own index at once.
            let feed = Feed("barts", pieces: 1, pattern: .fresh)
            try await feed.run { try await mesh.client("barts") }
            let isOwn = try await eventually {
                try await mesh.client("barts").lookup(Feed.sharedPatient).entries.contains { $0.source == "barts" }
            }
            #expect(isOwn)

            try await mesh.broker.restart()
            let asksForTopology = try await eventually {
                try await mesh.client("kingston").readiness().reasons.contains {
                    $0.reason.contains("wherry topology apply")
                }
            }
            #expect(asksForTopology)
            try await mesh.applyTopology()
            await mesh.expectQuiescent()
            for hie in FaultMesh.hies {
                // Sessions that nothing waited for come up a little later.
                #expect(try await eventually { try await mesh.client(hie).readiness().status == "ready" })
            }
            try await mesh.expectAllEqual([feed])
            try await mesh.stopAll()
        }

        @Test("promises P1, P2 and P6: 20,000 changes survive a SIGKILL of the broker; each takes effect once")
        func killed() async throws {
            let mesh = try await FaultMesh()
            try await mesh.startAll()
            let feeds = FaultMesh.hies.map { Feed($0, pieces: 27, pattern: .fresh) }
            try await withFeeds(feeds, of: mesh) {
                #expect(await feeds[0].reaches(0.3))
                try await mesh.broker.kill()
                try await mesh.broker.restart()
            }
            await mesh.expectQuiescent()
            try await mesh.expectAllEqual(feeds)
            try await expectAppliedOnce(feeds, mesh)
            try await mesh.stopAll()
        }

        @Test("promises P1, P3 and P4: while the broker hangs lookups go on and say who is silent; nothing is lost")
        func paused() async throws {
            let mesh = try await FaultMesh()
            try await mesh.startAll()
            let feeds = FaultMesh.hies.map { Feed($0, pieces: 16, pattern: .fresh) }
            try await withFeeds(feeds, of: mesh) {
                #expect(await feeds[0].reaches(0.3))
                let isThere = try await eventually {
                    Set(try await mesh.client("kingston").lookup(Feed.sharedPatient).entries.map(\.source)).count == 3
                }
                #expect(isThere)
                try mesh.broker.pause()
                let resumeAt = ContinuousClock.now + .seconds(20)
                let result = await Result { try await expectHonestSilence(mesh) }
                // The length of the stop is what is tested: longer than a call's time and than two heartbeats.
                _ = await eventually(within: 30) { ContinuousClock.now >= resumeAt }
                try mesh.broker.resume()
                try result.get()
            }
            await mesh.expectQuiescent()
            try await mesh.expectAllEqual(feeds)
            try await expectAppliedOnce(feeds, mesh)
            try await mesh.stopAll()
        }

        @Test("promises P1 and P3: a memory alarm shows as blocked with its reason; afterwards everything arrives")
        func memoryAlarm() async throws {
            let mesh = try await FaultMesh()
            try await mesh.startAll()
            let feeds = FaultMesh.hies.map { Feed($0, pieces: 12, pattern: .fresh) }
            try await withFeeds(feeds, of: mesh) {
                #expect(await feeds[0].reaches(0.2))
                try await mesh.broker.setMemoryAlarm(true)
                let result = await Result { try await expectBlocked(mesh) }
                try await mesh.broker.setMemoryAlarm(false)
                try result.get()
            }
            await mesh.expectQuiescent()
            try await expectBroker("connected", mesh)
            try await mesh.expectAllEqual(feeds)
            try await expectAppliedOnce(feeds, mesh)
            try await mesh.stopAll()
        }

        @Test("promises P3 and P4: a broker that mostly stands still shows as slow, and lookups do not feel it")
        func slow() async throws {
            let mesh = try await FaultMesh()
            try await mesh.startAll()
            let feeds = FaultMesh.hies.map { Feed($0, pieces: 4, pattern: .fresh) }
            try await expectBroker("connected", mesh)
            try await withFeeds(feeds, of: mesh) { try await expectSlow(mesh) }
            await mesh.expectQuiescent()
            try await expectBroker("connected", mesh)
            try await mesh.expectAllEqual(feeds)
            try await expectAppliedOnce(feeds, mesh)
            try await mesh.stopAll()
        }

        private func expectBroker(_ state: String, _ mesh: FaultMesh) async throws {
            for hie in FaultMesh.hies {
                let client = try await mesh.client(hie)
                let isSo = try await eventually { try await client.status().brokers.map(\.state) == [state] }
                if !isSo { await mesh.record("\(hie) does not say \(state)") }
            }
        }

        private func expectSlow(_ mesh: FaultMesh) async throws {
            let client = try await mesh.client("barts")
            let isSlow = try await eventually {
                // Less than the time after which a publish gives the connection up.
                try await standStill(mesh, seconds: 4)
                let ready = try await client.readiness()
                return ready.reasons.contains {
                    $0.part == "broker all" && $0.state == "slow" && $0.reason.contains("is slow: it ")
                }
            }
            if !isSlow { await mesh.record("readyz does not say slow") }
            let lookup = try await client.lookup(Feed.sharedPatient)
            #expect(!lookup.coverage.isEmpty)
        }

        private func standStill(_ mesh: FaultMesh, seconds: Int) async throws {
            try mesh.broker.pause()
            let resumeAt = ContinuousClock.now + .seconds(seconds)
            // The length of the stop is what is tested.
            _ = await eventually(within: 30) { ContinuousClock.now >= resumeAt }
            try mesh.broker.resume()
        }

        /// Every source is silent with the time, except the own one; the entries stay; the broker's state says why.
        private func expectHonestSilence(_ mesh: FaultMesh) async throws {
            let client = try await mesh.client("kingston")
            let isSilent = try await eventually(within: 15) {
                let lookup = try await client.lookup(Feed.sharedPatient)
                let others = lookup.coverage.filter { $0.hie != "kingston" }
                return others.count == 2 && others.allSatisfy { $0.state == "silent" && $0.asOf != nil }
            }
            if !isSilent { await mesh.record("the sources are not silent") }
            let lookup = try await client.lookup(Feed.sharedPatient)
            #expect(Set(lookup.entries.map(\.source)) == Set(FaultMesh.hies))
            let reasons = lookup.coverage.filter { $0.hie != "kingston" }.map { $0.reason ?? "" }
            #expect(reasons.allSatisfy { $0.contains("no pulse since 20") })
            let saysWhy = try await eventually(within: 30) {
                let ready = try await client.readiness()
                return ready.status == "degraded"
                    && ready.reasons.contains { $0.part == "broker all" && $0.state == "down" && !$0.reason.isEmpty }
            }
            if !saysWhy { await mesh.record("readyz does not say why") }
            let why = try await client.lookup(Feed.sharedPatient).coverage.first { $0.hie == "barts" }?.reason ?? ""
            #expect(why.contains("broker all is down"), "\(why)")
        }

        /// For longer than a publish may wait, every look finds the workers blocked, with the alarm's name.
        private func expectBlocked(_ mesh: FaultMesh) async throws {
            let client = try await mesh.client("barts")
            let isBlocked = try await eventually {
                try await client.readiness().reasons.contains { $0.part == "broker all" && $0.state == "blocked" }
            }
            if !isBlocked { await mesh.record("readyz does not say blocked") }
            let until = ContinuousClock.now + .seconds(14)
            var other: Set<String> = []
            _ = try await eventually(within: 30) {
                let brokers = try await client.status().brokers
                for broker in brokers where broker.state != "blocked" || broker.reason?.contains("memory") != true {
                    other.insert("\(broker.state): \(broker.reason ?? "no reason")")
                }
                return ContinuousClock.now >= until
            }
            #expect(other == [])
        }

        /// No worker was restarted: each has counted every change of every source exactly once.
        private func expectAppliedOnce(_ feeds: [Feed], _ mesh: FaultMesh) async throws {
            for hie in FaultMesh.hies {
                for feed in feeds {
                    let applied = try await mesh.client(hie).metric("wherry_changes_applied_total", source: feed.hie)
                    #expect(applied == Double(feed.expected.count), "changes of \(feed.hie) at \(hie)")
                }
            }
        }
    }
}

/// Runs `body` while the feeds flow, and returns when the feeds are taken in whole.
func withFeeds(_ feeds: [Feed], of mesh: FaultMesh, _ body: @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup { group in
        for feed in feeds {
            group.addTask { try await feed.run { try await mesh.client(feed.hie) } }
        }
        try await body()
        try await group.waitForAll()
    }
}

extension Result where Success == Void, Failure == any Error {
    /// What becomes of `body`: for putting something right before the error goes on.
    fileprivate init(_ body: () async throws -> Void) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}
