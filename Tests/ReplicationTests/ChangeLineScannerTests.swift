import CareRecord
import Testing

@testable import Replication

/// The scanner against the general reader: wherever it has an answer, it is the same.
@Suite("Change line scanner") struct ChangeLineScannerTests {
    private let key = EntryKey(
        patient: NHSNumber(firstNine: 999_000_001)!, resource: ResourceKey(reference: "Condition/c-1.a")!)  // constants

    private func line(_ effect: Change.Effect, seq: Int64 = 17) -> [UInt8] {
        var body: [UInt8] = []
        ChangeLine.content(key, effect).withUnsafeBytes { ChangeLine.append(seq: seq, content: $0, to: &body) }
        return body.dropLast()
    }

    private func scan(_ line: [UInt8]) -> Change? { line.withUnsafeBytes(ChangeLineScanner.read) }

    private let plain: [Change.Effect] = [
        .withdraw,
        .put(Facts(category: .allergy)),
        .put(Facts(category: .carePlan, display: "Plan é 😀", date: "2024-02-29")),
        .put(
            Facts(
                category: .condition, code: "195967001", system: "http://snomed.info/sct", display: "Asthma",
                status: "active", date: "2020-05-01T10:00:00Z")),
        .put(Facts(category: .result, code: "", system: "", display: "", status: "", date: "")),
    ]

    @Test("lines as they are written are read at once") func plainLines() throws {
        for effect in plain {
            let line = line(effect)
            #expect(scan(line) == Change(seq: 17, key: key, effect: effect))
            #expect(try ChangeLine.readGenerally(line[...]) == scan(line))
        }
    }

    @Test("escapes and demographics are left to the general reader") func left() throws {
        for effect: Change.Effect in [
            .put(Facts(category: .condition, display: "a \"b\"")),
            .put(Facts(category: .demographics, demographics: Demographics(family: "Example"))),
        ] {
            #expect(scan(line(effect)) == nil)
            #expect(try ChangeLine.read(line(effect)[...]).effect == effect)
        }
    }

    @Test("a line with one byte changed, removed or added is read as the general reader reads it, or left to it")
    func mutations() {
        var generator = SplitMix64(seed: 7)
        for round in 0..<20_000 {
            var bytes = line(plain[round % plain.count])
            let place = generator.below(bytes.count)
            switch generator.below(3) {
            case 0: bytes[place] = UInt8(generator.below(256))
            case 1: bytes.remove(at: place)
            default: bytes.insert(UInt8(generator.below(256)), at: place)
            }
            guard let scanned = scan(bytes) else { continue }
            #expect((try? ChangeLine.readGenerally(bytes[...])) == scanned)
        }
    }
}
