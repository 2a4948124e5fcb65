import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

@Suite("Journal transaction") struct JournalTransactionTests {
    private let barts = HIEIdentifier("barts")!  // a well-formed constant
    private let one = SampleSource.patients[0]
    private let two = SampleSource.patients[1]

    private func words(_ source: SampleSource) -> [String] {
        source.journal.rows.rows.map {
            "\($0.seq) \($0.isPut ? "put" : "withdraw") \($0.key.resource.reference) \($0.key.patient.text)"
        }
    }

    @Test("what stands already gets no number") func stands() throws {
        var source = SampleSource(barts)
        for _ in 1...2 { try source.set("Condition/a", one, code: "1") }
        #expect(words(source) == ["1 put Condition/a \(one.text)"])
        try source.set("Condition/a", one, code: "2")
        #expect(words(source) == ["2 put Condition/a \(one.text)"])
    }

    @Test("without a patient, or without facts, the entry is withdrawn once") func withdrawn() throws {
        for patient in [nil, one] {
            var source = SampleSource(barts)
            try source.set("Condition/a", one, code: "1")
            for _ in 1...2 { try source.set("Condition/a", patient, code: patient == nil ? "1" : nil) }
            #expect(words(source) == ["2 withdraw Condition/a \(one.text)"])
            #expect(source.digest == BucketDigest())
        }
    }

    @Test("what was never there is not withdrawn") func nothing() throws {
        var source = SampleSource(barts)
        try source.set("Condition/a", nil, code: nil)
        #expect(source.head == 0)
    }

    @Test("a resource that goes to another patient and back leaves one live entry") func moved() throws {
        var source = SampleSource(barts)
        try source.set("Condition/a", one, code: "1")
        try source.set("Condition/a", two, code: "1")
        #expect(words(source) == ["2 withdraw Condition/a \(one.text)", "3 put Condition/a \(two.text)"])
        try source.set("Condition/a", one, code: "1")
        #expect(words(source) == ["4 put Condition/a \(one.text)", "5 withdraw Condition/a \(two.text)"])
        #expect(try source.live.count == 1)
    }

    @Test("promise P2: after anything that happens the digest is that of the rows, and a resource has one live entry")
    func anything() throws {
        for seed in UInt64(0)..<20 {
            var random = SplitMix64(seed: seed)
            var source = SampleSource(barts)
            for step in 0..<200 {
                let head = source.head
                try source.change(using: &random)
                let rows = source.journal.rows.rows
                let live = rows.filter(\.isPut)
                guard try source.digest == source.journal.rows.digest(),
                    Set(live.map(\.key.resource)).count == live.count, (head...head + 2).contains(source.head),
                    rows.last?.seq ?? 0 == source.head
                else {
                    Issue.record("seed \(seed), step \(step)")
                    return
                }
            }
        }
    }
}
