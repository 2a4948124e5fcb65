import CareRecord
import LoadTest
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = HIEIdentifier("barts")!  // a well-formed constant
private let kingston = HIEIdentifier("kingston")!  // a well-formed constant
private let epoch = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant

/// An index of people, one a number.
private struct People {
    let directory: TemporaryDirectory
    let store: IndexStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try IndexStore(path: directory.file("index.sqlite"))
    }

    func add(_ people: [Demographics?], to source: HIEIdentifier = barts, after: Int64 = 0) async throws {
        let changes = people.enumerated().map { index, person in
            Change(
                seq: after + Int64(index + 1),
                key: EntryKey(
                    patient: FHIRFixture.number(Int64(index + 1)),
                    resource: ResourceKey(reference: "Patient/p\(index + 1)")!),  // a constant
                effect: .put(Facts(category: .demographics, demographics: person)))
        }
        _ = try await store.apply([
            ChangeBatch(
                source: source, epoch: epoch, after: after, through: after + Int64(people.count), changes: changes)
        ])
    }

    func found(_ groups: [PatientQuery.Term]..., limit: Int = 99) async throws -> [String] {
        try await store.patients(PatientQuery(groups, limit: limit)).patients.map {
            "\($0.entry.source).\($0.entry.resource.id)"
        }
    }
}

@Suite("Searching patients") struct PatientQueryTests {
    private let some = [
        Demographics(family: "O'Neill", given: ["Ada", "Mary-Ann"], birthDate: "1980-02-29", gender: "female"),
        Demographics(family: "Müller", given: ["Zoë"], birthDate: "1980-02", gender: "other"),
        Demographics(family: "Smith Jones", given: ["Ada"], birthDate: "1980", gender: "female"),
        nil,
        Demographics(family: "smith", given: ["ADA"], birthDate: "1979-12-31"),
    ]

    @Test("names are compared from their beginning, without case, accents and punctuation")
    func names() async throws {
        let people = try People()
        try await people.add(some)
        #expect(try await people.found([.family("oneil")]) == ["barts.p1"])
        #expect(try await people.found([.family("MULL")]) == ["barts.p2"])
        #expect(try await people.found([.family("mu\u{308}ller")]) == ["barts.p2"])
        #expect(try await people.found([.family("smith")]) == ["barts.p3", "barts.p5"])
        #expect(try await people.found([.family("smith-j")]) == ["barts.p3"])
        #expect(try await people.found([.family("smithy")]) == [])
        #expect(try await people.found([.given("mary ann")]) == ["barts.p1"])
        #expect(try await people.found([.given("ann")]) == [])
        #expect(try await people.found([.given("zoe")]) == ["barts.p2"])
    }

    @Test("an exact name is compared as it is") func exactly() async throws {
        let people = try People()
        try await people.add(some)
        #expect(try await people.found([.familyExactly("smith")]) == ["barts.p5"])
        #expect(try await people.found([.familyExactly("Smith")]) == [])
        #expect(try await people.found([.givenExactly("Ada")]) == ["barts.p1", "barts.p3"])
        #expect(try await people.found([.givenExactly("Mary")]) == [])
    }

    @Test("groups narrow, terms of a group widen") func groups() async throws {
        let people = try People()
        try await people.add(some)
        #expect(try await people.found([.family("smith")], [.gender("female")]) == ["barts.p3"])
        #expect(try await people.found([.family("smith"), .family("o")], [.given("ada")]).count == 3)
        #expect(try await people.found([.number(FHIRFixture.number(4))], [.anybody]) == ["barts.p4"])
        #expect(try await people.found([.id(barts, "p4"), .id(kingston, "p1")]) == ["barts.p4"])
    }

    @Test("dates of birth fit as the criterion says, whatever it and they are exact to")
    func born() async throws {
        let dates = ["1979", "1979-12", "1979-12-31", "1980", "1980-01", "1980-02", "1980-02-28", "1980-02-29", "1981"]
        let people = try People()
        try await people.add(dates.map { Demographics(birthDate: $0) })
        for comparison in DateCriterion.Comparison.allCases {
            for date in dates + ["1980-12-31", "1981-01-01"] {
                let criterion = try #require(DateCriterion(comparison, date))
                let expected = dates.indices.filter { criterion.matches(dates[$0]) }.map { "barts.p\($0 + 1)" }
                #expect(try await people.found([.born(criterion)]) == expected, "\(comparison) \(date)")
            }
        }
    }

    @Test("pages follow each other without a gap while patients come and go") func pages() async throws {
        let people = try People()
        try await people.add(some)
        try await people.add(some, to: kingston)
        var query = PatientQuery([[.family("s"), .family("m"), .family("o")]], limit: 3)
        let first = try await people.store.patients(query)
        #expect(first.total == 8 && first.hasMore && first.patients.count == 3)
        query.after = first.patients.last?.place
        try await people.add([nil, nil], after: 5)  // two of the first page have no name any more
        let second = try await people.store.patients(query)
        #expect(second.patients.map(\.entry.source) == [kingston, barts, kingston])
        query.after = second.patients.last?.place
        let third = try await people.store.patients(query)
        #expect(third.patients.map(\.entry.resource.id) == ["p5", "p5"] && !third.hasMore)
    }

    @Test("a patient whose name changes, who is withdrawn or whose source begins anew is found as they are now")
    func changes() async throws {
        let people = try People()
        try await people.add([Demographics(family: "Before")])
        try await people.add([Demographics(family: "After")], after: 1)
        #expect(try await people.found([.family("before")]) == [])
        #expect(try await people.found([.family("after")]) == ["barts.p1"])
        let resource = try #require(ResourceKey(reference: "Patient/p1"))
        let key = EntryKey(patient: FHIRFixture.number(1), resource: resource)
        let withdrawal = Change(seq: 3, key: key, effect: .withdraw)
        _ = try await people.store.apply([
            ChangeBatch(source: barts, epoch: epoch, after: 2, through: 3, changes: [withdrawal])
        ])
        #expect(try await people.found([.family("after")]) == [])
    }

    @Test("an audit sees that a patient would not be found, as it sees a changed fact") func audit() async throws {
        let people = try People()
        try await people.add(some)
        #expect(try await people.store.difference(of: barts)?.difference == BucketDigest())
        try await Subprocess.run(
            "/usr/bin/sqlite3",
            [people.directory.file("index.sqlite"), "UPDATE entry SET family = 'other' WHERE family = 'smith'"])
        #expect(try await people.store.difference(of: barts)?.difference != BucketDigest())
    }

    @Test("a count and a search by name touch the index of names alone") func plan() async throws {
        let people = try People()
        let plan = try await Subprocess.run(
            "/usr/bin/sqlite3",
            [
                people.directory.file("index.sqlite"),
                """
                EXPLAIN QUERY PLAN SELECT count(*) FROM entry WHERE type = 'Patient' AND family >= 's' AND family < 't'
                    AND gender = 'female' AND instr(given, 'a')
                """,
            ])
        #expect(plan.contains("COVERING INDEX person_family (family>? AND family<?)"))
    }
}
