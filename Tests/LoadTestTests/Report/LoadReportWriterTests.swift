import Foundation
import TestSupport
import Testing

@testable import LoadTest

@Suite("Results on the disk")
struct LoadReportWriterTests {
    @Test("what is written is read back, by directory and by file, with a log for each clock and a page")
    func roundTrip() throws {
        let directory = try TemporaryDirectory()
        let result = SampleResult.growth
        try LoadReportWriter.write(result, to: directory.file("a/b"))
        #expect(try LoadReportWriter.read(path: directory.file("a/b")) == result)
        #expect(try LoadReportWriter.read(path: directory.file("a/b/result.json")) == result)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.file("a/b"))
        let clocks = LoadResult.Clock.allCases.map(\.rawValue)
        let logs = clocks.flatMap { ["\($0).hgrm", "\($0)-uncorrected.hgrm"] }
        #expect(Set(names) == Set(logs + ["result.json", "report.html"]))
    }

    @Test("the JSON is sorted, so that two results can be compared line by line")
    func sorted() throws {
        let text = String(decoding: try LoadReportWriter.json(SampleResult.result()), as: UTF8.self)
        #expect(text.hasPrefix("{\n  \"about\""))
        #expect(try LoadReportWriter.json(SampleResult.result()) == LoadReportWriter.json(SampleResult.result()))
    }

    @Test("a figure that could not be reckoned does not cost the run")
    func infinite() throws {
        var result = SampleResult.result()
        result.durationSeconds = .infinity
        result.samples[0].p99["lookup"] = .infinity
        result.rates["changes"]?.achieved = -.infinity
        let data = try LoadReportWriter.json(result)
        #expect(try LoadReportWriter.parse(data, file: "r") == result)
        #expect(LoadReportWriter.page(result).contains("</html>"))
    }

    @Test(
        "what is no result is refused with what it is",
        arguments: [
            ("", "is not a JSON object, or it is cut"), ("[]", "is not a JSON object"),
            ("{}", "give what wherry load run"),
            (#"{"format":2,"profile":"a"}"#, "has format 2, and this Wherry reads format 1"),
            (#"{"format":1}"#, "is no result of a load test"),
            (#"{"format":1,"profile":"a"}"#, "is damaged: `about` is missing"),
            (#"{"format":1,"profile":"a","about":7}"#, "is damaged: `about` is not what it should be"),
        ])
    func damaged(text: String, reason: String) throws {
        let failure = try #require(throws: LoadReportWriter.Failure.self) {
            try LoadReportWriter.parse(Data(text.utf8), file: "x/result.json")
        }
        #expect(failure.description.hasPrefix("x/result.json ") && failure.description.contains(reason), "\(failure)")
    }

    @Test("any cut of a result is refused")
    func cuts() throws {
        let data = try LoadReportWriter.json(SampleResult.result(seconds: 2))
        for length in stride(from: 0, to: data.count - 2, by: 97) {
            #expect(throws: LoadReportWriter.Failure.self) {
                try LoadReportWriter.parse(data.prefix(length), file: "r")
            }
        }
    }

    @Test("a path that is not there, and a directory without a result, say so")
    func missing() throws {
        let directory = try TemporaryDirectory()
        let nothing = try #require(throws: LoadReportWriter.Failure.self) {
            try LoadReportWriter.read(path: directory.file("no"))
        }
        #expect(nothing.description.contains("not found: give the directory of a run"))
        let empty = try #require(throws: LoadReportWriter.Failure.self) {
            try LoadReportWriter.read(path: directory.path)
        }
        #expect(empty.description.contains("holds no result.json"))
    }
}
