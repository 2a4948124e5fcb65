import CareRecord
import Storage
import Testing

@testable import Gateway

@Suite("What was done already")
struct ResultListTests {
    private static let snomed = "http://snomed.info/sct"
    private static let loinc = "http://loinc.org"

    private static func list(
        _ entries: [IndexedEntry], code: String? = nil, since: String? = nil
    ) throws -> ResultList {
        let day = try since.map { try #require(CalendarDay(firstOf: $0)) }
        return ResultList(entries, codes: try code.map { try CodeFilter($0) }, since: day)
    }

    @Test("results, procedures and imaging are in it, and nothing else")
    func categories() throws {
        let references = Category.allCases.flatMap(\.types).map { "\($0)/1" }
        let list = try Self.list(try references.map { try .of("barts", $0, code: "1") })
        #expect(
            list.results.map(\.resource.type) == ["DiagnosticReport", "ImagingStudy", "Observation", "Procedure"])
        #expect(list.unjudged.isEmpty && list.otherCodeCount == 0 && list.earlierCount == 0)
    }

    @Test("the newest comes first by when it was, whatever the zone, and what has no readable date last, counted")
    func order() throws {
        let dates = [
            nil, "2024", "2025-06-15T10:00:00+02:00", "2025-06-15T08:30:00Z", "last week", "2025-06-15T09:45:00+01:00",
            "2025-06-14",
        ]
        let list = try Self.list(
            try dates.enumerated().map { try .of("barts", "Observation/\($0.offset)", code: "1", date: $0.element) })
        #expect(list.results.map(\.resource.id) == ["5", "3", "2", "6", "1", "0", "4"])
        #expect(list.undatedCount == 2)
    }

    @Test("since leaves out what was before, counted, and keeps what may not have been")
    func since() throws {
        let dates = ["2024-02-29", "2024-03-01", "2024", "2023", "2024-02-29T23:59:59Z", nil]
        let entries = try dates.enumerated().map {
            try IndexedEntry.of("barts", "Procedure/\($0.offset)", code: "1", date: $0.element)
        }
        let list = try Self.list(entries, since: "2024-03")
        #expect(list.results.map(\.resource.id) == ["1", "2", "5"])
        #expect(list.earlierCount == 3 && list.undatedCount == 1)
    }

    @Test(
        "a code is a match, another one, or leaves it open",
        arguments: [
            ("1", "1", nil, CodeFilter.Finding.match), ("1", "1", loinc, .match), ("1", "2", nil, .other),
            ("2,1", "1", snomed, .match), ("http://loinc.org|1", "1", loinc, .match),
            ("http://loinc.org|1", "1", snomed, .other), ("http://loinc.org|1", "1", nil, .unknown),
            ("http://loinc.org|1", "2", nil, .other), ("1", nil, nil, .unknown), ("1", nil, loinc, .unknown),
            ("http://loinc.org|1,http://snomed.info/sct|1", "1", snomed, .match), (" 1 , 2 ", "2", nil, .match),
        ] as [(String, String?, String?, CodeFilter.Finding)])
    func codes(filter: String, code: String?, system: String?, finding: CodeFilter.Finding) throws {
        let facts = Facts(category: .result, code: code, system: system)
        #expect(try CodeFilter(filter).find(facts) == finding)
    }

    @Test(
        "what is no list of codes is refused",
        arguments: [
            "", ",", "1,", "|1", "http://loinc.org|", "a|b|c", "é", "1\n2", String(repeating: "1", count: 300),
            String(repeating: "1,", count: 50) + "1",
        ])
    func noCodes(text: String) {
        #expect(throws: CodeFilter.Invalid.self) { try CodeFilter(text) }
    }

    @Test("pointers and texts without a code are listed apart while codes are asked for, unless they are too old")
    func unjudged() throws {
        let entries: [IndexedEntry] = try [
            .of("barts", "Observation/1", code: "1", display: "Echo", date: "2025-01-01"),
            .of("barts", "Observation/2", code: "2", display: "ECG", date: "2025-01-01"),
            .of("homerton", "Procedure/3"), .of("barts", "Procedure/4", display: "Echo", date: "2025-02-01"),
            .of("barts", "Procedure/5", display: "Echo", date: "2020-02-01"),
        ]
        let list = try Self.list(entries, code: "1", since: "2025")
        #expect(list.results.map(\.resource.id) == ["1"] && list.unjudged.map(\.resource.id) == ["4", "3"])
        #expect(list.otherCodeCount == 1 && list.earlierCount == 1)
        let all = try Self.list(entries)
        #expect(all.results.count == 5 && all.unjudged.isEmpty && all.undatedCount == 1)
    }
}
