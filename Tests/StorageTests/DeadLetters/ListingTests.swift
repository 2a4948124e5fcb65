import AMQP
import CareRecord
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = Letters.barts
private let kingston = Letters.kingston

@Suite("Lists of dead letters") struct ListingTests {
    private static let hour: Int64 = 3_600_000

    private func filled() async throws -> Kept {
        let kept = try Kept()
        try await kept.store.park(
            [Letters.change(1), Letters.change(2, cause: .schema)], broker: "nel", now: at(0))
        try await kept.store.park(
            [
                Letters.change(3, of: kingston, patient: 5), Letters.whole(after: 3, through: 9),
                Letters.whole(after: 3, through: 9, of: nil, cause: .unrouted, queue: "wherry.unrouted"),
            ], broker: "swl", now: at(30 * Self.hour))
        return kept
    }

    @Test("groups count by cause, source, type and age") func groups() async throws {
        let kept = try await filled()
        let summary = try await kept.store.summary(LetterFilter(), now: at(30 * Self.hour + 1))
        #expect(summary.total == 5)
        let groups = Set(summary.groups.map { "\($0.cause.rawValue) \($0.source?.text ?? "-") \($0.age.rawValue)" })
        #expect(
            groups == [
                "nhs-number-invalid barts under a week", "schema barts under a week",
                "nhs-number-invalid kingston under an hour", "expired barts under an hour",
                "unrouted - under an hour",
            ])
        #expect(summary.groups.allSatisfy { $0.type == "wherry.changes.v1" && $0.count == 1 })
    }

    @Test(
        "a filter finds by each of its conditions",
        arguments: [
            ("cause", [1, 3]), ("source", [1, 2, 4]), ("unknown", [5]), ("queue", [5]), ("older", [1, 2]),
            ("newer", [3, 4, 5]), ("patient", [3]), ("text", [2]), ("wild", []), ("ids", [2, 4]), ("both", [3]),
        ] as [(String, [Int64])])
    func filters(name: String, expected: [Int64]) async throws {
        let kept = try await filled()
        var filter = LetterFilter()
        switch name {
        case "cause": filter.causes = [.nhsNumberInvalid]
        case "source": filter.sources = [.hie(barts)]
        case "unknown": filter.sources = [.unknown]
        case "queue": filter.queue = "wherry.unrouted"
        case "older": filter.olderThan = TimeSpan("1h")
        case "newer": filter.newerThan = TimeSpan("1h")
        case "patient": filter.search = FHIRFixture.number(5).text
        case "text": filter.search = "condition/C2"
        case "wild": filter.search = "%"
        case "ids": filter.ids = [2, 4, 99]
        default:
            filter.causes = [.nhsNumberInvalid]
            filter.sources = [.hie(kingston), .unknown]
        }
        let rows = try await kept.store.rows(filter, after: 0, limit: 10, now: at(30 * Self.hour))
        #expect(rows.map(\.id) == expected)
        #expect(try await kept.store.summary(filter, now: at(30 * Self.hour)).total == expected.count)
    }

    @Test("pages follow one another by number") func pages() async throws {
        let kept = try await filled()
        var seen: [Int64] = []
        while true {
            let page = try await kept.store.rows(LetterFilter(), after: seen.last ?? 0, limit: 2, now: at(0))
            if page.isEmpty { break }
            seen += page.map(\.id)
        }
        #expect(seen == [1, 2, 3, 4, 5])
    }

    @Test("what reached nobody holds no source") func unrouted() async throws {
        let kept = try Kept()
        let notes = try await kept.store.park(
            [Letters.whole(after: 1, through: 2, cause: .unrouted, queue: BrokerNames.unroutedQueue)], now: at(1))
        #expect(notes.map(\.source) == [nil])
        #expect(try await kept.store.parked() == notes)
        #expect(try await kept.store.letter(1)?.row.source == barts)
    }

    @Test("causes tell how many wait and since when") func causes() async throws {
        let kept = try await filled()
        let causes = try await kept.store.causes()
        #expect(causes.map(\.cause) == [.expired, .nhsNumberInvalid, .schema, .unrouted])
        #expect(causes.map(\.count) == [1, 2, 1, 1])
        #expect(causes[1].oldest == at(0))
    }
}
