import CareRecord
import Testing

@testable import LoadTest

@Suite("Stream of changes")
struct ChangeStreamTests {
    private static let population = Population(seed: 1, patients: 300)

    private static func stream(
        _ population: Population = population, at hie: String = "barts", rest: Int = 64
    ) throws -> ChangeStream {
        let hie = try #require(HIEIdentifier(hie))
        return try #require(ChangeStream(of: population, at: hie, deletePercent: 10, restChanges: rest))
    }

    private static func bundle(_ changes: [StreamChange], of stream: ChangeStream) -> [UInt8] {
        var writer = JSONWriter()
        stream.writeBundle(changes, into: &writer)
        return writer.bytes
    }

    @Test("the same seed gives the same changes, another seed or HIE others")
    func deterministic() throws {
        func bytes(_ population: Population, _ hie: String) throws -> [UInt8] {
            var stream = try Self.stream(population, at: hie)
            return Self.bundle((0..<200).map { _ in stream.next() }.suffix(20), of: stream)
        }
        let first = try bytes(Self.population, "barts")
        #expect(try bytes(Population(seed: 1, patients: 300), "barts") == first)
        #expect(try bytes(Population(seed: 2, patients: 300), "barts") != first)
        #expect(try bytes(Self.population, "homerton") != first)
    }

    @Test("a worker takes every change, and the entry's date is the mark of the version, to the second")
    func marks() throws {
        var stream = try Self.stream()
        var kinds: Set<String> = []
        for _ in 0..<300 {
            let changes = (0..<5).map { _ in stream.next() }
            let submission = Submission.read(Self.bundle(changes, of: stream))
            try #require(!submission.isRefused && submission.outcome.issues.isEmpty)
            #expect(submission.kind == .batch && submission.operations.count == changes.count)
            for (change, operation) in zip(changes, submission.operations) {
                #expect(operation.key.reference == stream.reference(of: change))
                switch operation {
                case .put(let resource):
                    kinds.insert(resource.key.type)
                    #expect(change.action != .delete)
                    #expect(resource.facts?.date == change.mark.text && resource.facts?.code != nil)
                    #expect(resource.patient == .patient(id: "barts-\(change.patient)-0"))
                case .delete: #expect(change.action == .delete)
                }
            }
        }
        #expect(kinds == Set(Category.allCases.flatMap(\.types)).subtracting(["Patient"]))
    }

    @Test("versions of a record follow each other, rest between, and end with its deletion")
    func versions() throws {
        let rest = 40
        var stream = try Self.stream(rest: rest)
        var versions: [Int: Int] = [:]
        var lastAt: [Int: Int] = [:]
        var deleted: Set<Int> = []
        var counts: [StreamChange.Action: Int] = [:]
        for number in 0..<20_000 {
            let change = stream.next()
            counts[change.action, default: 0] += 1
            #expect(change.version == versions[change.number, default: 0] + 1)
            #expect(!deleted.contains(change.number))
            if let last = lastAt[change.number] { #expect(number - last >= rest) }
            if change.action == .create { #expect(change.number == versions.count && change.version == 1) }
            if change.action == .delete { deleted.insert(change.number) }
            versions[change.number] = change.version
            lastAt[change.number] = number
        }
        #expect((11_000...13_000).contains(counts[.create] ?? 0) && (1_800...2_200).contains(counts[.delete] ?? 0))
    }

    @Test("the records are of patients whom the HIE knows, and have ids that the population does not use")
    func patients() throws {
        var stream = try Self.stream()
        for _ in 0..<2_000 {
            let change = stream.next()
            #expect(Self.population.hies(knowing: change.patient).contains(stream.hie))
            #expect(RecordNumber.read(Array(stream.reference(of: change).utf8)) == change.number)
        }
        var writer = JSONWriter()
        Self.population.write(patient: 3, at: stream.hie, as: .ndjson, into: &writer)
        let ids = Submission.read(Self.population.bundle(patient: 3, at: stream.hie)).operations.map(\.key.reference)
        #expect(ids.allSatisfy { RecordNumber.read(Array($0.utf8)) == nil })
    }

    @Test("an HIE that knows nobody, or is none of the population's, has no changes")
    func nobody() throws {
        let barts = try #require(HIEIdentifier("barts"))
        #expect(ChangeStream(of: Population(seed: 1, patients: 0), at: barts) == nil)
        #expect(ChangeStream(of: Self.population, at: try #require(HIEIdentifier("elsewhere"))) == nil)
    }

    @Test("the few patients of a small population are found")
    func few() throws {
        let population = Population(seed: 3, patients: 2)
        let hie = population.hies(knowing: 1)[0]
        var stream = try #require(ChangeStream(of: population, at: hie))
        for _ in 0..<500 { #expect(population.hies(knowing: stream.next().patient).contains(hie)) }
    }
}

@Suite("Version mark")
struct VersionMarkTests {
    @Test(
        "it is a FHIR time that says its second",
        arguments: [0, 59, 60, 3_599, 86_399, 1_709_200_801, 1_751_241_599] as [Int64])
    func roundTrip(seconds: Int64) {
        let mark = VersionMark(seconds: seconds)
        #expect(FHIRDate(mark.text) != nil && DaySpan(mark.text)?.start == Timestamp(milliseconds: seconds * 1000))
        #expect(VersionMark(Array(mark.text.utf8)) == mark)
    }

    @Test(
        "any other date is none",
        arguments: ["", "2024-02-29", "2024-02-29T09:30:00+01:00", "2024-13-29T09:30:00Z", "2024-02-29T09:3x:00Z"])
    func others(text: String) { #expect(VersionMark(Array(text.utf8)) == nil) }
}
