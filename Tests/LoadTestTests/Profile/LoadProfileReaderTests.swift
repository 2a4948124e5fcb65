import CareRecord
import Foundation
import Testing
import Topology

@testable import LoadTest

@Suite("Reading a load profile")
struct LoadProfileReaderTests {
    static let valid = """
        about: A day.
        kind: mesh
        hies: 3
        brokers: 2
        patients: 1_000
        seed: 7
        warmup: 0s
        duration: 2m30s
        changes: {rate: 1000, batch: 5, create: 50, delete: 10}
        lookups: {rate: 50.5}
        queries: {rate: 5, deadline: 500ms}
        badMessages: {rate: 0}
        messageChanges: 20
        faults:
          - {at: 30s, kind: restart-broker, target: broker-2, for: 10s}
          - {at: 0s, kind: kill-worker, target: barts}
        baselines: [http, amqp]
        criteria:
          - lost <= 0
          - lookup.p99 <= 1_000.5
          - ratio.http>=0.6
        """

    static let bulk = """
        about: Much.
        kind: bulk
        hies: 2
        changes: {count: 1_000}
        criteria: [rate.bulk >= 1]
        """

    static let growth = """
        about: It grows.
        kind: growth
        sizes: [1_000, 2_000]
        criteria: [growth.ratio >= 0.5]
        """

    static let connected = ["barts", "homerton", "croydon", "ncl"].compactMap { HIEIdentifier($0) }

    @Test("every field arrives where it belongs")
    func fields() throws {
        let profile = try LoadProfile.parse(yaml: Self.valid, file: "some/where/a-day.yaml")
        var expected = LoadProfile(name: "a-day", about: "A day.")
        expected.hies = 3
        expected.brokers = 2
        expected.seed = 7
        expected.warmUpMilliseconds = 0
        expected.durationMilliseconds = 150_000
        expected.changes = LoadProfile.Changes(perSecond: 1000)
        expected.changes?.batch = 5
        expected.changes?.createPercent = 50
        expected.changes?.deletePercent = 10
        expected.lookupsPerSecond = 50.5
        expected.queries = LoadProfile.Queries(perSecond: 5)
        expected.queries?.deadlineMilliseconds = 500
        expected.messageChangesMax = 20
        expected.faults = [
            LoadProfile.Fault(
                kind: .restartBroker, target: "broker-2", atMilliseconds: 30_000, durationMilliseconds: 10_000),
            LoadProfile.Fault(kind: .killWorker, target: "barts", atMilliseconds: 0, durationMilliseconds: nil),
        ]
        expected.baselines = [.http, .amqp]
        expected.criteria = [
            LoadProfile.Criterion(figure: "lost", comparison: .atMost, bound: 0),
            LoadProfile.Criterion(figure: "lookup.p99", comparison: .atMost, bound: 1000.5),
            LoadProfile.Criterion(figure: "ratio.http", comparison: .atLeast, bound: 0.6),
        ]
        #expect(profile == expected)
        #expect(try LoadProfile.parse(yaml: Self.valid, file: "a-day.yaml", connected: Self.connected) == expected)
    }

    @Test("a bulk load and a growing index have fields of their own")
    func kinds() throws {
        let bulk = try LoadProfile.parse(yaml: Self.bulk, file: "b.yaml")
        #expect(bulk.kind == .bulk && bulk.bulkChanges == 1000 && bulk.changes == nil)
        let growth = try LoadProfile.parse(yaml: Self.growth, file: "g.yaml")
        #expect(growth.kind == .growth && growth.sizes == [1000, 2000])
    }

    struct Slip: Sendable, CustomTestStringConvertible {
        let this: String
        let that: String
        /// Line, column and the beginning of the message.
        let expected: String
        var yaml = LoadProfileReaderTests.valid
        var testDescription: String { expected }

        init(_ this: String, _ that: String, _ expected: String, in yaml: String = LoadProfileReaderTests.valid) {
            self.this = this
            self.that = that
            self.expected = expected
            self.yaml = yaml
        }
    }

    @Test(
        "a mistake is reported where it is, with what to write",
        arguments: [
            Slip("about: A day.\n", "", "1:1: a load profile lacks `about`: add about: and a sentence"),
            Slip("A day.", String(repeating: "a", count: 301), "1:8: `about` has more than 300 characters"),
            Slip("kind: mesh", "kind: mash", "2:7: the kind `mash` is unknown: write mesh, bulk, growth; did you mean"),
            Slip("hies: 3", "hies: 0", "3:7: `hies` `0` cannot be used: write a whole number from 1 to 50"),
            Slip("hies: 3", "hies: three", "3:7: `hies` `three` cannot be used"),
            Slip("hies: 3", "hies: 5", "3:7: the topology has 4 connected HIEs: write at most that"),
            Slip("brokers: 2", "brokers: 4", "4:10: more `brokers` than `hies`: write at most 3"),
            Slip("patients: 1_000", "patients: 900_001", "5:11: `patients` `900_001` cannot be used: write a whole"),
            Slip("patients: 1_000", "patients: 0", "5:11: changes, lookups and queries are about patients"),
            Slip("seed: 7", "seed: -1", "6:7: `seed` `-1` cannot be used"),
            Slip(
                "warmup: 0s", "warmup: 11m", "7:9: `warmup` `11m` cannot be used: write a time from 0s to 10m, such as"),
            Slip("duration: 2m30s\n", "", "1:1: a load profile lacks `duration`: add duration: 1m"),
            Slip("2m30s", "2m30", "8:11: `duration` `2m30` cannot be used: write a time from 1s to 24h, such as 500ms"),
            Slip("2m30s", "25h", "8:11: `duration` `25h` cannot be used"),
            Slip("rate: 1000", "rate: -1", "9:17: `rate` `-1` cannot be used: write a number from 0 to 100000"),
            Slip("rate: 1000", "rate: nan", "9:17: `rate` `nan` cannot be used"),
            Slip("rate: 1000, ", "", "9:10: `changes` lacks `rate`: add rate: 100"),
            Slip("batch: 5", "batsch: 5", "9:23: `changes` has no `batsch`; did you mean `batch`?"),
            Slip("batch: 5", "batch: 1001", "9:30: `batch` `1001` cannot be used"),
            Slip("delete: 10", "delete: 51", "9:10: `create` (50) and `delete` (51) are of a hundred changes"),
            Slip("{rate: 50.5}", "50", "10:10: `lookups` is a mapping with `rate`, not a text"),
            Slip("500ms", "31s", "11:30: `deadline` `31s` cannot be used: write a time from 1ms to 30s"),
            Slip("messageChanges: 20", "messageChanges: 0", "13:17: `messageChanges` `0` cannot be used"),
            Slip("at: 30s", "at: 3m", "15:10: the load has ended by then: it takes 2m30s"),
            Slip("for: 10s", "for: 2m1s", "15:60: the fault would outlast the load: write at most 2m, or leave `for`"),
            Slip("for: 10s", "for: 1ms", "15:60: `for` `1ms` cannot be used"),
            Slip("at: 30s, ", "", "15:5: a fault lacks `at`: add at: 30s"),
            Slip("restart-broker", "reset-broker", "15:21: the kind `reset-broker` is unknown: write pause-worker"),
            Slip("broker-2", "broker-3", "15:45: there is no broker `broker-3`: write broker-1 to broker-2"),
            Slip("broker-2", "barts", "15:45: there is no broker `barts`"),
            Slip("target: barts", "target: broker-1", "16:41: there is no worker of `broker-1`: write barts, homerton"),
            Slip("target: barts", "target: ncl", "16:41: there is no worker of `ncl`: write barts, homerton, croydon"),
            Slip(
                "target: barts", "target: bart",
                "16:41: there is no worker of `bart`: write barts, homerton, croydon; did"),
            Slip(
                "kill-worker, target: barts", "kill-broker, target: broker-2",
                "16:5: broker-2 has a fault at this time already, in line 15: let it begin after"),
            Slip("[http, amqp]", "[http, tcp]", "17:19: the baseline `tcp` is unknown: write amqp, sqlite, http"),
            Slip("lost <= 0", "lost < 0", "19:5: a criterion is a figure, <= or >=, and a number, such as lookup.p99"),
            Slip("lost <= 0", "lots <= 0", "19:5: there is no figure `lots`: write one of lost, duplicated"),
            Slip("lookup.p99", "lookup.p98", "20:5: there is no figure `lookup.p98`"),
            Slip("1_000.5", "20 ms", "20:5: the bound `20 ms` is a number from 0 on without a unit: lookup.p99 is in"),
            Slip("lost <= 0", "growth.ratio >= 1", "19:5: this load does not measure growth.ratio: that takes"),
            Slip("lost <= 0", "rate.badMessages >= 1", "19:5: this load does not measure rate.badMessages: there are"),
            Slip("lost <= 0", "rate.bulk >= 1", "19:5: this load does not measure rate.bulk"),
            Slip("seed: 7", "sizes: [1_000]", "6:1: a profile of kind mesh does nothing with `sizes`: take it out"),
            Slip("seed: 7", "sede: 7", "6:1: a load profile has no `sede`; did you mean `seed`?"),
            Slip("seed: 7", "seed: &a 7", "6:7: anchors and aliases (& and *) are not used here"),
            Slip("seed: 7", "\tseed: 7", "6:1: a tab in the indentation"),
            Slip("seed: 7", "seed: [7", "7:7: not YAML: "),
            Slip("hies: 2", "hies: 1", "3:7: a source needs somebody to send to: write at least 2", in: bulk),
            Slip(
                "{count: 1_000}", "{rate: 1}", "4:11: `changes` of a bulk load has no `rate`; it has `count`", in: bulk),
            Slip("hies: 2", "duration: 1m", "3:1: a profile of kind bulk does nothing with `duration`", in: bulk),
            Slip("rate.bulk", "lookup.p99", "5:12: this load does not measure lookup.p99", in: bulk),
            Slip("sizes: [1_000, 2_000]\n", "", "1:1: a load profile lacks `sizes`: add sizes", in: growth),
            Slip("[1_000, 2_000]", "[]", "3:8: there are no sizes", in: growth),
            Slip("2_000", "1_000", "3:16: the index grows: a size is above the one before it, 1000", in: growth),
            Slip("2_000", "20_000_001", "3:16: a size `20_000_001` cannot be used", in: growth),
            Slip("[growth.ratio >= 0.5]", "[]", "4:11: there are no criteria: add lost <= 0", in: growth),
            Slip("criteria: [growth.ratio >= 0.5]", "", "1:1: a load profile lacks `criteria`: add", in: growth),
        ])
    func mistakes(_ slip: Slip) throws {
        let place = try #require(slip.yaml.range(of: slip.this))
        let yaml = slip.yaml.replacingCharacters(in: place, with: slip.that)
        let error = try #require(throws: LoadProfileError.self) {
            try LoadProfile.parse(yaml: yaml, file: "p.yaml", connected: Self.connected)
        }
        #expect(error.code == .invalid)
        #expect(error.mistakes.contains { "\($0)".hasPrefix("p.yaml:\(slip.expected)") }, "\(error)")
    }

    @Test("a load without anything to do is refused")
    func idle() throws {
        let yaml = "about: Nothing.\nduration: 1m\nlookups: {rate: 0}\ncriteria: [lost <= 0]\n"
        let error = try #require(throws: LoadProfileError.self) { try LoadProfile.parse(yaml: yaml, file: "p.yaml") }
        #expect("\(error)".hasPrefix("p.yaml:1:1: nothing would happen: add a rate to `changes`"))
    }

    @Test("several mistakes are reported together, in the order of the file, and their number is bounded")
    func together() throws {
        let yaml = Self.valid.replacing("seed: 7", with: "seed: x").replacing("hies: 3", with: "hies: x")
            .replacing("lost <= 0", with: "lots <= 0")
        let error = try #require(throws: LoadProfileError.self) { try LoadProfile.parse(yaml: yaml, file: "p.yaml") }
        #expect(error.mistakes.map(\.line) == [3, 6, 19])
        let criteria = (0..<200).map { "x\($0) <= 1" }.joined(separator: ", ")
        let many = Self.growth.replacing("growth.ratio >= 0.5", with: criteria)
        let bounded = try #require(throws: LoadProfileError.self) { try LoadProfile.parse(yaml: many, file: "p.yaml") }
        #expect(bounded.mistakes.count == NodeReader.mistakesMax)
    }

    @Test("a fault of a worker needs no topology to be read, but one that exists to be run")
    func workers() throws {
        let yaml = Self.valid.replacing("target: barts", with: "target: elsewhere")
        #expect(try LoadProfile.parse(yaml: yaml, file: "p.yaml").faults.last?.target == "elsewhere")
        #expect(throws: LoadProfileError.self) {
            try LoadProfile.parse(yaml: yaml, file: "p.yaml", connected: Self.connected)
        }
    }

    @Test("faults of one target may follow each other, and of two targets overlap")
    func overlap() throws {
        let next = "target: broker-2, for: 10s}\n  - {at: 40s, kind: kill-broker, target: broker-2, for: 5s}"
        let after = Self.valid.replacing("target: broker-2, for: 10s}", with: next)
        #expect(try LoadProfile.parse(yaml: after, file: "p.yaml").faults.count == 3)
        let during = after.replacing("at: 40s", with: "at: 39s")
        #expect(throws: LoadProfileError.self) { try LoadProfile.parse(yaml: during, file: "p.yaml") }
    }

    @Test("any cut of a valid file is either read or refused")
    func cuts() {
        for length in 0..<Self.valid.count {
            do {
                _ = try LoadProfile.parse(yaml: String(Self.valid.prefix(length)), file: "p.yaml")
            } catch {
                #expect(!error.mistakes.isEmpty, "no mistake is named for a cut at \(length)")
            }
        }
    }

    @Test("a file that is not there says what to give")
    func missing() throws {
        let error = try #require(throws: LoadProfileError.self) { try LoadProfile.load(path: "no/such.yaml") }
        #expect(error.code == .unreadable && "\(error)".contains("no/such.yaml not found: give the path of a profile"))
    }
}
