import Foundation
import LoadTest
import TestSupport
import Testing

@testable import struct LoadTest.HistogramLog

@Suite("Histogram logs")
struct HistogramLogTests {
    /// Reads the file with the expressions that HdrHistogram's own plotter has for its lines (plotFiles.html), and
    /// prints what it found.
    private static let reader = #"""
        import json, re, sys
        lines = open(sys.argv[1]).read().split("\n")
        assert re.match(r"^ +Value +Percentile +TotalCount +1/\(1-Percentile\)$", lines[0]), lines[0]
        row = re.compile(r"^ *([\d.]+) +([\d.]+) +(\d+)(?: +([\d.]+))?$")
        rows = [m.groups() for m in map(row.match, lines[1:]) if m]
        mean = re.search(r"#\[Mean +=\s*([\d.]+), StdDeviation +=\s*([\d.]+)\]", "\n".join(lines))
        top = re.search(r"#\[Max +=\s*([\d.]+), Total count +=\s*(\d+)\]", "\n".join(lines))
        assert re.search(r"#\[Buckets +=\s*\d+, SubBuckets +=\s*\d+\]", "\n".join(lines))
        values, levels, counts = ([float(r[i]) for r in rows] for i in range(3))
        assert values == sorted(values) and levels == sorted(levels) and counts == sorted(counts)
        assert levels[0] == 0 and levels[-1] == 1 and rows[-1][3] is None
        for r in rows[:-1]:
            assert abs(float(r[3]) - 1 / (1 - float(r[1]))) < 0.01, r
        def at(level):
            return next(v for v, l in zip(values, levels) if l >= level)
        print(json.dumps({"count": int(top[2]), "max": float(top[1]), "mean": float(mean[1]), "rows": len(rows),
                          "p50": at(0.5), "p90": at(0.9), "p99": at(0.99)}))
        """#

    private struct Read: Decodable, Equatable {
        let count: Int
        let max, mean, p50, p90, p99: Double
        let rows: Int
    }

    private static func read(_ text: String) async throws -> Read {
        let directory = try TemporaryDirectory()
        let file = directory.file("lookup.hgrm")
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        let output = try await Subprocess.run("/usr/bin/python3", ["-c", reader, file])
        return try JSONDecoder().decode(Read.self, from: Data(output.utf8))
    }

    @Test("Python reads back the percentiles of what was recorded")
    func roundTrip() async throws {
        // 1 ms to 1,000 ms, each once: the percentile of a value is its number.
        let buckets = (1...1000).map { LoadResult.Bucket(microseconds: UInt64($0) * 1000, count: 1) }
        let read = try await Self.read(HistogramLog(buckets.shuffled()).text)
        #expect(read.count == 1000 && read.max == 1000 && abs(read.mean - 500.5) < 0.001)
        #expect(read.p50 == 500 && (900...910).contains(read.p90) && (990...992).contains(read.p99))
        #expect(read.rows > 20 && read.rows < 100)
    }

    @Test("one value, and one value many times, are whole files")
    func single() async throws {
        for count in [1, 1_000_000] as [UInt64] {
            let read = try await Self.read(HistogramLog([.init(microseconds: 2500, count: count)]).text)
            #expect(read.count == Int(count) && read.max == 2.5 && read.p50 == 2.5)
        }
    }

    @Test("the levels are those of HdrHistogram: five steps to each half of what is left")
    func levels() {
        let log = HistogramLog((1...100).map { LoadResult.Bucket(microseconds: $0, count: 1000) })
        let levels = log.lines.prefix(11).map { ($0.percentile * 1000).rounded() / 1000 }
        #expect(levels == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75])
        #expect(log.lines.last == HistogramLog.Line(milliseconds: 0.1, percentile: 1, count: 100_000))
    }

    @Test("what is larger than can be counted is bounded, and nothing is no line")
    func extremes() {
        #expect(HistogramLog([]).lines.isEmpty && HistogramLog([.init(microseconds: 1, count: 0)]).lines.isEmpty)
        let huge = HistogramLog([
            .init(microseconds: 1, count: .max), .init(microseconds: .max, count: .max),
        ])
        #expect(huge.lines.count <= 1000)
        #expect(!huge.text.isEmpty)
    }
}
