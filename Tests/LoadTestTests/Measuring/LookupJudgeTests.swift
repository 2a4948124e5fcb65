import CareRecord
import TestSupport
import Testing

@testable import LoadTest

@Suite("Judging lookups")
struct LookupJudgeTests {
    private static let number = FHIRFixture.number(1)
    private static let hies = ["barts", "homerton", "bhrut"].compactMap { HIEIdentifier($0) }

    private static func coverage(_ hie: String, _ state: String = "complete", _ asOf: String? = nil) -> String {
        let asOf = asOf.map { "\"\($0)\"" } ?? "null"
        let reason = #""reason":"queue \"}],\" broken""#
        return #"{"hie":"\#(hie)","state":"\#(state)","asOf":\#(asOf),"watermark":12,"head":null,\#(reason)}"#
    }

    private static func answer(_ coverage: [String], entries: [String] = []) -> String {
        let entries = entries.joined(separator: ",")
        return #"{"nhsNumber":"\#(number.text)","demographics":[{"source":"barts","given":["A","\"entries\":["]}],"#
            + #""entries":[\#(entries)],"coverage":[\#(coverage.joined(separator: ","))]}"#
    }

    private static func fault(_ text: String, stopped: [Int: Timestamp] = [:]) -> LookupJudge.Fault? {
        Array(text.utf8).withUnsafeBytes { LookupJudge(naming: hies).fault(in: $0, about: number, stopped: stopped) }
    }

    @Test("coverage that names every HIE once is right, with whichever others")
    func right() {
        #expect(Self.fault(Self.answer(["barts", "homerton", "bhrut"].map { Self.coverage($0) })) == nil)
        #expect(Self.fault(Self.answer(["new", "bhrut", "barts", "homerton"].map { Self.coverage($0) })) == nil)
    }

    @Test("an HIE that is missing or named twice is a fault (P3)")
    func incomplete() {
        #expect(Self.fault(Self.answer(["barts", "homerton"].map { Self.coverage($0) })) == .incomplete)
        #expect(
            Self.fault(Self.answer(["barts", "homerton", "bhrut", "barts"].map { Self.coverage($0) })) == .incomplete)
        #expect(Self.fault(Self.answer([])) == .incomplete)
    }

    @Test("an HIE that was stopped is not complete as of a moment long after (P3)")
    func impossible() {
        let since = Timestamp(milliseconds: 1_700_000_000_000)
        func fault(_ state: String, secondsAfter: Int64) -> LookupJudge.Fault? {
            let asOf = Timestamp(milliseconds: since.milliseconds + secondsAfter * 1000).text
            return Self.fault(
                Self.answer([Self.coverage("barts"), Self.coverage("homerton", state, asOf), Self.coverage("bhrut")]),
                stopped: [1: since])
        }
        #expect(fault("complete", secondsAfter: -5) == nil)
        #expect(fault("complete", secondsAfter: 2) == nil)
        #expect(fault("complete", secondsAfter: 4) == .impossible)
        #expect(fault("silent", secondsAfter: 4) == nil)
    }

    @Test("whatever else comes is unreadable, and never a trap")
    func unreadable() {
        let whole = Self.answer(["barts", "homerton", "bhrut"].map { Self.coverage($0) })
        for length in 0..<whole.utf8.count { #expect(Self.fault(String(whole.prefix(length))) != nil) }
        #expect(Self.fault(whole.replacing(Self.number.text, with: FHIRFixture.number(2).text)) == .unreadable)
        #expect(Self.fault(whole.replacing("\"coverage\":[{", with: "\"coverage\":[7,{")) == .unreadable)
        var random = SplitMix64(seed: 1)
        for _ in 0..<2_000 {
            var bytes = Array(whole.utf8)
            for _ in 0...random.below(4) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
            bytes.withUnsafeBytes {
                _ = LookupJudge(naming: Self.hies).fault(in: $0, about: Self.number, stopped: [:])
                _ = LookupJudge.records(in: $0, sources: [Array("barts".utf8)])
            }
        }
    }

    @Test("the records that a load test made are found among the entries")
    func records() throws {
        let text = Self.answer(
            [],
            entries: [
                #"{"source":"barts","category":"condition","resource":"Condition/barts-17-s42","display":"a \" s1","date":"2024-02-29T09:30:01Z","seq":7}"#,
                #"{"source":"homerton","category":"condition","resource":"Condition/homerton-17-3","date":"2024-02-29","seq":7}"#,
                #"{"source":"homerton","category":"condition","resource":"Condition/homerton-17-s3","seq":7}"#,
                #"{"source":"elsewhere","category":"condition","resource":"Condition/elsewhere-17-s3","seq":7}"#,
            ])
        let sources = Self.hies.map { Array($0.text.utf8) }
        let records = Array(text.utf8).withUnsafeBytes { LookupJudge.records(in: $0, sources: sources) }
        let mark = try #require(VersionMark(Array("2024-02-29T09:30:01Z".utf8)))
        #expect(
            records == [
                SeenRecord(id: .init(source: 0, number: 42), mark: mark),
                SeenRecord(id: .init(source: 1, number: 3), mark: VersionMark(seconds: 0)),
            ])
        #expect(Array("{}".utf8).withUnsafeBytes { LookupJudge.records(in: $0, sources: sources) } == nil)
    }
}
