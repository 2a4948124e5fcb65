import CareRecord
import Replication
import TestSupport
import Testing

@testable import Storage

@Suite("Reading a patient's record") struct RecordReadingTests {
    private let one = FHIRFixture.number(1)
    private let two = FHIRFixture.number(2)
    private let directory: TemporaryDirectory
    private let store: RecordStore

    init() async throws {
        directory = try TemporaryDirectory()
        store = try RecordStore(
            path: directory.file("records.sqlite"), shares: [:], now: Timestamp(milliseconds: 1000))
        try await submit(
            at: 1000, FHIRFixture.patient("p", number: one), FHIRFixture.condition("a", of: "p"),
            FHIRFixture.patient("q", number: two), FHIRFixture.condition("z", of: "q"))
        try await submit(
            at: 2000, FHIRFixture.put(#"{"resourceType":"Flag","id":"f","subject":{"reference":"Patient/p"}}"#),
            FHIRFixture.put(
                #"{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"},"status":"final"}"#))
        try await submit(at: 3000, FHIRFixture.condition("b", of: "p"))
    }

    private func submit(at milliseconds: Int64, _ operations: Submission.Operation...) async throws {
        _ = try await store.submit(operations, now: Timestamp(milliseconds: milliseconds))
    }

    private func request(
        _ categories: Set<Category>? = nil, since: Int64? = nil, limit: Int = 100, of patient: NHSNumber? = nil
    ) -> RecordRequest {
        let requester = Requester(person: "A", role: "B", organisation: "C", purpose: "D")!  // a well-formed one
        return RecordRequest(
            patient: patient ?? one, categories: categories, since: since.map { Timestamp(milliseconds: $0) },
            limit: limit, requester: requester)
    }

    private func read(
        _ request: RecordRequest, withholding withheld: Set<CareRecord.Category> = [], bytesMax: Int = 10_000
    ) async throws -> [[String]] {
        let outline = try await store.outline(of: request, withholding: withheld)
        var parts: [[String]] = []
        var first: Int? = 0
        while let start = first {
            let part = try await store.part(
                of: outline, of: request.patient, from: start, bytesMax: bytesMax, resourceBytesMax: 10_000)
            parts.append(part.resources.map(\.key.reference))
            first = part.next
        }
        return parts
    }

    @Test("the newest first, types that no index knows included, and nothing of anybody else") func order() async throws
    {
        let all = try await read(request())
        #expect(all.count == 1)
        #expect(all[0].first == "Condition/b")
        #expect(Set(all[0]) == ["Condition/b", "Flag/f", "Observation/o", "Patient/p", "Condition/a"])
        #expect(try await read(request(of: FHIRFixture.number(3))) == [[]])
    }

    @Test("categories, since and what is withheld choose; a limit keeps the newest and says that there are more")
    func choice() async throws {
        #expect(try await read(request([.condition])) == [["Condition/b", "Condition/a"]])
        #expect(try await read(request(since: 3000)) == [["Condition/b"]])
        #expect(try await read(request([.result, .condition], since: 2000)) == [["Condition/b", "Observation/o"]])
        #expect(try await read(request([.condition]), withholding: [.condition]) == [[]])
        let limited = try await store.outline(of: request(limit: 2))
        #expect(limited.count == 2 && limited.hasMore)
        let exact = try await store.outline(of: request(limit: 5))
        #expect(exact.count == 5 && !exact.hasMore)
    }

    @Test("parts are bounded in bytes and have at least one resource") func parts() async throws {
        #expect(try await read(request(), bytesMax: 1).map(\.count) == [1, 1, 1, 1, 1])
        #expect(try await read(request(), bytesMax: 400).allSatisfy { (1...5).contains($0.count) })
    }

    @Test("what is deleted or moved to another patient between two parts is not in the second") func meanwhile()
        async throws
    {
        let outline = try await store.outline(of: request([.condition]))
        try await submit(at: 4000, FHIRFixture.delete("Condition/a"), FHIRFixture.condition("b", of: "q"))
        let part = try await store.part(of: outline, of: one, from: 0, bytesMax: 9999, resourceBytesMax: 9999)
        #expect(part.resources.isEmpty)
    }

    @Test("what is too large is left out and counted") func tooLarge() async throws {
        let outline = try await store.outline(of: request())
        let part = try await store.part(of: outline, of: one, from: 0, bytesMax: 9999, resourceBytesMax: 70)
        #expect(part.omitted + part.resources.count == 5 && part.omitted > 0)
    }
}
