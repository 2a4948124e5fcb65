import LoadTest
import Testing

@testable import wherry

@Suite("The live screen of a load test")
struct LoadScreenTests {
    private static var profile: LoadProfile {
        var profile = LoadProfile(name: "london-day", about: "Ten HIEs and a thousand changes a second.")
        profile.durationMilliseconds = 300_000
        profile.changes = LoadProfile.Changes(perSecond: 1000)
        profile.lookupsPerSecond = 50
        return profile
    }

    private static func samples(_ count: Int) -> [LoadSample] {
        (1...count).map { second in
            var sample = LoadSample(at: Double(second))
            sample.rates = ["changes": second == count ? 800 : 1000, "lookups": 50, "applied": 9000]
            sample.p50 = ["lookup": 0.9]
            sample.p99 = ["lookup": Double(second), "replication": 40]
            sample.backlog = ["homerton": second * 10, "croydon": 0]
            sample.peers = ["barts: homerton silent"]
            sample.errors = second == count ? 2 : 0
            return sample
        }
    }

    private static func lines(
        _ samples: [LoadSample], faults: [LoadResult.FaultResult] = [], columns: Int = 120, hasColour: Bool = false
    ) -> [String] {
        LoadScreen.lines(
            profile: profile, samples: samples, faults: faults, elapsed: samples.last?.at ?? 0, columns: columns,
            hasColour: hasColour)
    }

    @Test("it tells rates beside what was intended, latencies now and at worst, backlog, peers and errors")
    func whole() throws {
        let lines = Self.lines(Self.samples(60))
        #expect(lines[1].hasPrefix("████████░░") && lines[1].hasSuffix("1:00 of 5:00  4:00 left"))
        let words = lines.map { $0.split(separator: " ").prefix(4).map(String.init) }
        #expect(words.contains(["changes", "1000", "800", "997"]))
        #expect(words.contains(["applied", "–", "9000", "9000"]))
        #expect(words.contains(["lookup", "0.900", "60", "60"]))
        #expect(words.contains(["replication", "–", "40", "40"]))
        #expect(words.contains { $0.starts(with: ["homerton", "600", "600"]) })
        #expect(words.contains { $0.starts(with: ["errors", "2"]) })
        #expect(lines.contains("barts: homerton silent"))
        #expect(lines.contains { $0.contains("▁") && $0.contains("█") })
    }

    @Test("faults that go on are named, with how long they have")
    func faults() {
        let faults: [LoadResult.FaultResult] = [
            .init(kind: "kill-broker", target: "broker-1", from: 50, until: 70, recoveredAfterSeconds: nil),
            .init(kind: "pause-worker", target: "croydon", from: 10, until: 20, recoveredAfterSeconds: 1),
        ]
        let lines = Self.lines(Self.samples(60), faults: faults)
        #expect(lines[2] == "fault: kill-broker broker-1 for 10 s")
        #expect(Self.lines(Self.samples(5))[2] == "no fault at present")
    }

    @Test("no line is wider than the terminal", arguments: [1, 20, 40, 80, 200])
    func narrow(columns: Int) {
        var samples = Self.samples(4000)
        samples[3999].peers = (0..<20).map { "hie-\($0): \(String(repeating: "x", count: 300))" }
        samples[3999].backlog = Dictionary(uniqueKeysWithValues: (0..<30).map { ("hie-\($0)", $0) })
        let lines = Self.lines(samples, columns: columns)
        #expect(lines.allSatisfy { $0.count <= max(20, columns) })
        #expect(lines.count < 60)
    }

    @Test("before the first second there is a screen, and colour only where it is wanted")
    func early() {
        #expect(Self.lines([]).last == "nothing measured yet")
        #expect(Self.lines(Self.samples(3)).allSatisfy { !$0.contains("\u{1B}") })
        let coloured = Self.lines(Self.samples(3), hasColour: true)
        #expect(coloured.contains { $0.contains("\u{1B}[33m") } && coloured[0].hasPrefix("\u{1B}[1mlondon-day"))
    }
}
