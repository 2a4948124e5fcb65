import CareRecord
import Testing

@testable import LoadTest

@Suite("Population")
struct PopulationTests {
    private static let population = Population(seed: 1, patients: 120)

    private static func resources(of patient: Int, at hie: HIEIdentifier) -> [Resource] {
        let submission = Submission.read(population.bundle(patient: patient, at: hie))
        return submission.operations.compactMap { operation in
            guard case .put(let resource) = operation else { return nil }
            return resource
        }
    }

    @Test("a bundle is accepted without a word, and all of it is its patient's")
    func accepted() {
        for patient in 0..<Self.population.patients {
            for hie in Self.population.hies(knowing: patient) {
                let submission = Submission.read(Self.population.bundle(patient: patient, at: hie))
                #expect(!submission.isRefused && submission.outcome.issues.isEmpty, "patient \(patient) at \(hie)")
                let resources = Self.resources(of: patient, at: hie)
                #expect(resources.count == submission.items.count && resources.count > 3)
                #expect(resources.allSatisfy { $0.patient == .patient(id: "\(hie)-\(patient)-0") })
                #expect(resources.compactMap(\.nhsNumber) == [Self.population.nhsNumber(patient: patient)])
            }
        }
    }

    @Test("every entry of an indexed type is complete, and every type occurs")
    func complete() {
        var types: Set<String> = []
        for patient in 0..<Self.population.patients {
            for resource in Self.resources(of: patient, at: Self.population.hies(knowing: patient)[0]) {
                types.insert(resource.key.type)
                guard resource.key.type != "Patient" else { continue }
                let facts = resource.facts
                #expect(facts?.code != nil && facts?.display != nil && facts?.status != nil && facts?.date != nil)
            }
        }
        #expect(types == Set(Category.allCases.flatMap(\.types)))
    }

    @Test("the same seed gives the same bytes, another seed others")
    func deterministic() throws {
        let hie = try #require(HIEIdentifier("barts"))
        let again = Population(seed: 1, patients: 5)
        let other = Population(seed: 2, patients: 5)
        for patient in 0..<5 {
            let bytes = Self.population.bundle(patient: patient, at: hie)
            #expect(bytes == again.bundle(patient: patient, at: hie))
            #expect(bytes != other.bundle(patient: patient, at: hie))
        }
        let digest = SHA256.digest(Self.population.bundle(patient: 3, at: hie)).hexadecimal
        #expect(
            digest == "483d64eeee2843de4ada0a73076a26500b2436f2894cf2a7196b8590c8f79cf9",
            "the bytes of a seed are a promise: loads of different days are compared")
    }

    @Test("NHS numbers are of the range 999 and differ", arguments: [1, UInt64.max])
    func numbers(seed: UInt64) {
        let population = Population(seed: seed, patients: 20_000)
        let numbers = (0..<population.patients).map { population.nhsNumber(patient: $0) }
        #expect(Set(numbers).count == numbers.count)
        #expect(numbers.allSatisfy { $0.text.hasPrefix("999") && NHSNumber($0.text) == $0 })
        #expect(population.nhsNumber(patient: Population.patientsMax) == numbers[0])
    }

    @Test("places in the number range are a permutation: no two patients share one")
    func permutation() {
        // The factor has no divisor in common with the number of places, which holds for every seed.
        var (left, right) = (524_287, Population.patientsMax)
        while right != 0 { (left, right) = (right, left % right) }
        #expect(left == 1)
    }

    @Test("one to four HIEs know a patient, and every HIE knows some")
    func overlap() throws {
        let known = (0..<Self.population.patients).map { Self.population.hies(knowing: $0) }
        #expect(known.allSatisfy { (1...4).contains($0.count) && Set($0).count == $0.count })
        #expect(Set(known.map(\.count)) == [1, 2, 3, 4])
        #expect(Set(known.flatMap { $0 }) == Set(Population.londonHIEs))
        for hie in Population.londonHIEs {
            let patients = Array(Self.population.patients(knownTo: hie))
            #expect(patients == known.indices.filter { known[$0].contains(hie) })
        }
        let lonely = Population(seed: 1, patients: 50, hies: [try #require(HIEIdentifier("somewhere"))])
        #expect((0..<50).allSatisfy { lonely.hies(knowing: $0).count == 1 })
        #expect(!Submission.read(lonely.bundle(patient: 0, at: try #require(HIEIdentifier("somewhere")))).isRefused)
    }

    @Test("NDJSON holds the resources of the bundle, one a line")
    func ndjson() {
        for patient in 0..<10 {
            let hie = Self.population.hies(knowing: patient)[0]
            var writer = JSONWriter()
            Self.population.write(patient: patient, at: hie, as: .ndjson, into: &writer)
            var reader = NDJSONReader()
            let operations = (reader.read(writer.bytes) + reader.finish()).compactMap(\.operation)
            let bundle = Submission.read(Self.population.bundle(patient: patient, at: hie))
            #expect(operations == bundle.operations)
        }
    }

    @Test("the bundles format is one bundle a line")
    func bundles() {
        var writer = JSONWriter()
        for patient in 0..<3 {
            Self.population.write(patient: patient, at: Population.londonHIEs[0], as: .bundles, into: &writer)
        }
        let lines = writer.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        #expect(lines.count == 4 && lines[3].isEmpty)
        #expect(Array(lines[1]) == Self.population.bundle(patient: 1, at: Population.londonHIEs[0]))
    }
}
