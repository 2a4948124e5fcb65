import CareRecord
import Foundation
import Testing
import Topology

@testable import LoadTest

/// The profiles in `Topology/load`.
@Suite("Profiles that ship")
struct ShippedProfileTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    private static let directory = root + "/Topology/load"

    private static func load(_ name: String) throws -> LoadProfile {
        let topology = try Topology.load(path: root + "/Topology/onelondon-complete.yaml")
        let path = try LoadProfile.path(of: name, in: directory)
        return try LoadProfile.load(path: path, connected: topology.connected.map(\.id))
    }

    @Test("there are nine, and each fits the London mesh, has a name and a sentence, and demands that nothing is lost")
    func all() throws {
        let names = LoadProfile.shipped(in: Self.directory)
        #expect(
            names == [
                "broker-restart", "bulk-load", "dead-letter-storm", "growth", "london-day", "lookup-storm",
                "month-of-accesses", "slow-peers", "smoke",
            ])
        for name in names {
            let profile = try Self.load(name)
            #expect(profile.name == name && profile.about.hasSuffix(".") && !profile.criteria.isEmpty)
            #expect(profile.kind == .growth || profile.criteria.contains { $0.figure == "lost" && $0.bound == 0 })
        }
    }

    @Test("smoke is three HIEs for ten seconds")
    func smoke() throws {
        let profile = try Self.load("smoke")
        #expect(profile.hies == 3 && profile.durationMilliseconds == 10_000 && profile.faults.isEmpty)
    }

    @Test("a London day is ten HIEs, 1,000 changes/s, 50 lookups/s, 5 queries/s, and a broker that restarts midway")
    func londonDay() throws {
        let profile = try Self.load("london-day")
        #expect(profile.hies == 10 && profile.durationMilliseconds == 300_000)
        #expect(profile.changes?.perSecond == 1000 && profile.lookupsPerSecond == 50)
        #expect(profile.queries?.perSecond == 5)
        #expect(profile.faults.map(\.kind) == [.restartBroker])
        #expect(profile.faults.map(\.atMilliseconds) == [150_000])
    }

    @Test("a bulk load is 100,000 changes for one subscriber")
    func bulkLoad() throws {
        let profile = try Self.load("bulk-load")
        #expect(profile.kind == .bulk && profile.bulkChanges == 100_000 && profile.hies == 2)
        #expect(profile.baselines == [.amqp, .sqlite])
    }

    @Test("slow peers are three of ten workers, under queries with a deadline")
    func slowPeers() throws {
        let profile = try Self.load("slow-peers")
        #expect(profile.hies == 10 && profile.queries != nil && profile.lookupsPerSecond != nil)
        #expect(profile.faults.map(\.kind) == [.slowWorker, .slowWorker, .slowWorker])
        #expect(Set(profile.faults.map(\.target)).count == 3)
    }

    @Test("a broker restart is a kill and a memory alarm")
    func brokerRestart() throws {
        #expect(try Self.load("broker-restart").faults.map(\.kind) == [.killBroker, .memoryAlarm])
    }

    @Test("a month of accesses is more than 445,000 lookups in less than a minute, with one of ten workers dead")
    func month() throws {
        let profile = try Self.load("month-of-accesses")
        let seconds = Double(profile.durationMilliseconds) / 1000
        #expect((profile.lookupsPerSecond ?? 0) * seconds >= 445_000 && seconds < 60)
        #expect(profile.hies == 10 && (profile.changes?.batch ?? 0) > 1)
        let fault = try #require(profile.faults.first)
        #expect(!fault.kind.isOfBroker && fault.atMilliseconds == 0 && fault.durationMilliseconds == nil)
        let bounds = profile.criteria.map { "\($0.figure) \($0.comparison.rawValue) \(Int($0.bound))" }
        #expect(bounds.contains("errors <= 0") && bounds.contains("duration <= 60"))
    }

    @Test("growth goes to five million entries")
    func growth() throws {
        let profile = try Self.load("growth")
        #expect(profile.kind == .growth && profile.sizes.first == 10_000 && profile.sizes.last == 5_000_000)
        let bounds = Dictionary(uniqueKeysWithValues: profile.criteria.map { ($0.figure, $0.bound) })
        #expect(bounds == ["growth.ratio": 0.6, "growth.lookup": 1.5, "growth.memory": 250])
    }

    @Test("a storm of dead letters is as many bad messages as changes")
    func deadLetterStorm() throws {
        let profile = try Self.load("dead-letter-storm")
        #expect(profile.badMessagesPerSecond == 200 && profile.changes?.perSecond == 200)
    }

    @Test("a name that no profile has is answered with those that there are")
    func unknown() throws {
        let error = try #require(throws: LoadProfileError.self) {
            try LoadProfile.path(of: "smokes", in: Self.directory)
        }
        #expect("\(error)".contains("month-of-accesses") && "\(error)".hasSuffix("did you mean `smoke`?"))
        #expect(LoadProfile.shipped(in: "/no/such/directory") == [])
    }
}
