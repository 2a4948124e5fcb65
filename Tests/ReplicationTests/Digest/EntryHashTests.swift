import CareRecord
import Testing

@testable import Replication

@Suite("Entry hash") struct EntryHashTests {
    private static let patient = NHSNumber(firstNine: 999_000_001)!  // a constant of the test range
    private static let other = NHSNumber(firstNine: 999_000_002)!  // a constant of the test range
    private static let whole = Facts(
        category: .demographics, code: "c", system: "s", display: "d", status: "t", date: "2024",
        demographics: Demographics(
            family: "f", given: ["g", "h"], birthDate: "1980-01-01", gender: "other", postalCode: "p", deceased: "true")
    )

    private func hash(
        _ patient: NHSNumber = EntryHashTests.patient, _ reference: String = "Patient/1", seq: Int64 = 1,
        _ facts: Facts = EntryHashTests.whole
    ) -> UInt64 {
        EntryHash.of(
            EntryKey(patient: patient, resource: ResourceKey(reference: reference)!), seq: seq, facts)  // constants
    }

    private func changed(_ change: (inout Facts) -> Void) -> UInt64 {
        var facts = Self.whole
        change(&facts)
        return hash(Self.patient, "Patient/1", seq: 1, facts)
    }

    private let texts: [WritableKeyPath<Facts, String?>] = [\.code, \.system, \.display, \.status, \.date]
    private let demographicTexts: [WritableKeyPath<Demographics, String?>] = [
        \.family, \.birthDate, \.gender, \.postalCode, \.deceased,
    ]

    @Test("every member of the key, the number and every fact move it; no value and an empty one differ")
    func everyMember() {
        var hashes = [
            hash(), hash(Self.other), hash(Self.patient, "Patient/2"), hash(Self.patient, "Person/1"),
            hash(seq: 2), hash(seq: 1 << 40), changed { $0.category = .condition }, changed { $0.demographics = nil },
            changed { $0.demographics = Demographics() }, changed { $0.demographics?.given = [] },
            changed { $0.demographics?.given = ["g"] }, changed { $0.demographics?.given = ["h", "g"] },
            changed { $0.demographics?.given = ["gh"] }, changed { $0.demographics?.given = ["g", "h", ""] },
            changed { $0.demographics?.given = ["", "g", "h"] },
        ]
        for value in [nil, "", "another", "\u{0}"] {
            for text in texts { hashes.append(changed { $0[keyPath: text] = value }) }
            for text in demographicTexts { hashes.append(changed { $0.demographics?[keyPath: text] = value }) }
        }
        #expect(Set(hashes).count == hashes.count)
    }

    @Test("the same text in another member, or cut at another place, is another hash") func neighbours() {
        var hashes: [UInt64] = []
        for text in texts {
            var facts = Facts(category: .condition)
            facts[keyPath: text] = "x"
            hashes.append(hash(Self.patient, "Condition/1", seq: 1, facts))
        }
        for text in demographicTexts {
            var demographics = Demographics()
            demographics[keyPath: text] = "x"
            hashes.append(
                hash(
                    Self.patient, "Condition/1", seq: 1, Facts(category: .condition, demographics: demographics)))
        }
        for (code, system) in [("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc")] {
            hashes.append(
                hash(Self.patient, "Condition/1", seq: 1, Facts(category: .condition, code: code, system: system)))
        }
        hashes += [hash(Self.patient, "AB/c"), hash(Self.patient, "A/Bc")]
        #expect(Set(hashes).count == hashes.count)
    }

    @Test("what a line carries has the same hash when it is read back") func roundTrip() throws {
        for text in ["", "é 😀", "\u{0}\u{1f}\u{7f}", "e\u{301}", "\"\\/", "\u{FFFD}\u{FEFF}"] {
            var facts = Self.whole
            facts.display = text
            facts.demographics?.given = [text, text]
            let key = EntryKey(patient: Self.patient, resource: ResourceKey(reference: "Patient/1")!)  // a constant
            let row = JournalRow(seq: 7, key: key, isPut: true, content: ChangeLine.content(key, .put(facts)))
            #expect(try row.hash == EntryHash.of(key, seq: 7, facts))
        }
    }

    @Test("a withdrawal has none") func withdrawal() throws {
        let key = EntryKey(patient: Self.patient, resource: ResourceKey(reference: "Patient/1")!)  // a constant
        #expect(
            try JournalRow(seq: 7, key: key, isPut: false, content: ChangeLine.content(key, .withdraw)).hash == nil)
    }

    @Test("the hash is the published one: peers of every version must agree on it") func pinned() {
        #expect(hash() == 0xdec5_60d6_bc72_07a2)
        #expect(hash(Self.patient, "Condition/c-1", seq: 42, Facts(category: .condition)) == 0xdf17_8e80_093f_ad90)
    }
}
