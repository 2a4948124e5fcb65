import CareRecord
import TestSupport
import Testing
import Topology

@testable import LoadTest

@Suite("What a run is refused for")
struct LoadRunSettingsTests {
    private static func profile(_ change: (inout LoadProfile) -> Void = { _ in }) -> LoadProfile {
        var profile = LoadProfile(name: "test", about: "")
        profile.hies = 2
        change(&profile)
        return profile
    }

    private static func fault(_ kind: LoadProfile.Fault.Kind, _ target: String, at: Int64 = 0) -> LoadProfile.Fault {
        .init(kind: kind, target: target, atMilliseconds: at, durationMilliseconds: 1000)
    }

    /// The reason, or `nil` where it is taken.
    private static func refusal(
        _ profile: LoadProfile, _ brokers: LoadRunSettings.Brokers = .started(script: "Scripts/broker")
    ) throws -> String? {
        let london = try Topology.load(path: "\(packageDirectory)/Topology/onelondon-complete.yaml")
        return try refusal(profile, .started(london, brokers))
    }

    private static func refusal(_ profile: LoadProfile, _ workers: LoadRunSettings.Workers) throws -> String? {
        do {
            _ = try LoadRunSettings(
                profile: profile, workers: workers, executable: "wherry", directory: "/nowhere", version: "1")
            return nil
        } catch {
            #expect(error.code == .refused)
            return error.reason
        }
    }

    @Test("every kind of fault is taken on its own kind of target")
    func targets() throws {
        for kind in LoadProfile.Fault.Kind.allCases {
            let (right, wrong) = kind.isOfBroker ? ("broker-1", "barts") : ("homerton", "broker-1")
            #expect(try Self.refusal(Self.profile { $0.faults = [Self.fault(kind, right)] }) == nil)
            let reason = try Self.refusal(Self.profile { $0.faults = [Self.fault(kind, wrong)] })
            #expect(reason?.contains("\(kind.rawValue) is about \(wrong), which is not in this run: it has") == true)
        }
        let absent = try Self.refusal(Self.profile { $0.faults = [Self.fault(.killWorker, "croydon")] })
        #expect(absent?.hasSuffix("it has barts, homerton") == true)
    }

    @Test("a fault after the end of the load is refused")
    func late() throws {
        let profile = Self.profile {
            $0.durationMilliseconds = 5000
            $0.faults = [Self.fault(.killWorker, "barts", at: 5000)]
        }
        #expect(try Self.refusal(profile)?.contains("comes after 5 s") == true)
    }

    @Test("a broker that runs is left alone")
    func runningBroker() throws {
        let brokers = LoadRunSettings.Brokers.running(url: "amqp://127.0.0.1")
        let onBroker = Self.profile { $0.faults = [Self.fault(.killBroker, "broker-1")] }
        #expect(try Self.refusal(onBroker, brokers)?.contains("--broker-url is left alone") == true)
        let onWorker = Self.profile { $0.faults = [Self.fault(.killWorker, "barts")] }
        #expect(try Self.refusal(onWorker, brokers) == nil)
        // Its one broker is every region's.
        #expect(try Self.refusal(Self.profile { $0.brokers = 5 }, brokers) == nil)
    }

    @Test("workers that run are left alone: no faults, no kind that starts its own, one URL a worker")
    func runningWorkers() throws {
        let barts = try #require(HIEIdentifier("barts"))
        let target = LoadTarget(hie: barts, host: "127.0.0.1", port: 1)
        func refusal(
            _ profile: LoadProfile, _ targets: [LoadTarget], brokerURL: String? = nil
        ) throws -> String? {
            try Self.refusal(profile, .running(targets, connected: [barts], brokerURL: brokerURL))
        }
        #expect(try refusal(Self.profile(), [target]) == nil)
        #expect(try refusal(Self.profile(), [target, target])?.contains("two of the URLs lead to") == true)
        let faulty = Self.profile { $0.faults = [Self.fault(.killWorker, "barts")] }
        #expect(try refusal(faulty, [target])?.contains("--to are left alone") == true)
        for kind in [LoadProfile.Kind.bulk, .growth] {
            #expect(try refusal(Self.profile { $0.kind = kind }, [target])?.contains("leave --to out") == true)
        }
        let bad = Self.profile { $0.badMessagesPerSecond = 1 }
        #expect(try refusal(bad, [target])?.contains("--broker-url") == true)
        #expect(try refusal(bad, [target], brokerURL: "amqp://127.0.0.1") == nil)
    }

    @Test("a bulk load needs a subscriber")
    func bulk() throws {
        let alone = Self.profile {
            $0.kind = .bulk
            $0.hies = 1
        }
        #expect(try Self.refusal(alone)?.contains("at least one subscriber") == true)
    }
}
