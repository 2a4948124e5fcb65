import CareRecord
import Testing

@testable import wherry

@Suite("Dead letters in a worker's status and in lookups") struct LetterStatusTests {
    private static func account(_ hie: String, _ numbers: [Int], reconciled: Bool = true) -> JSON {
        [
            "hie": .string(hie), "published": .number("\(numbers[0])"), "applied": .number("\(numbers[1])"),
            "held": .number("\(numbers[2])"), "discarded": .number("\(numbers[3])"),
            "behind": .number("\(numbers[4])"), "reconciled": .bool(reconciled),
        ]
    }

    private static func status(_ accounts: [JSON]) -> JSON {
        [
            "deadLetters": [
                "parked": 3, "oldest": "2026-11-22T17:03:05.123Z",
                "causes": [["cause": "schema", "count": 3, "oldest": "2026-11-22T17:03:05.123Z"]],
            ],
            "accounts": .array(accounts),
        ]
    }

    @Test("each cause has its count, its age and its remedy; numbers that add up are said to") func addsUp() {
        let view = DeadLetterStatus(Self.status([Self.account("barts", [10, 6, 2, 1, 1])]))
        let text = view.screen(LetterSamples.people()).text
        #expect(text.contains("Dead letters") && text.contains("Tell the source which member is wrong"))
        #expect(text.contains("The numbers add up: published = applied + held + discarded + behind."))
        let pipe = view.screen(.pipe).text.split(separator: "\n").map(String.init)
        #expect(pipe[0].hasPrefix("dead-letters\tschema\t3\t2026-11-22T17:03:05.123Z\tTell the source"))
        #expect(pipe[1] == "account\tbarts\t10\t6\t2\t1\t1\tyes" && pipe[2] == "accounts\tadd-up")
    }

    @Test(
        "numbers that do not add up are named",
        arguments: [
            account("homerton", [10, 6, 2, 1, 2]), account("homerton", [10, 6, 2, 1, 1], reconciled: false),
            ["hie": "homerton", "published": 10, "reconciled": true], ["hie": "homerton"],
        ])
    func doesNotAddUp(_ account: JSON) {
        let view = DeadLetterStatus(Self.status([Self.account("barts", [0, 0, 0, 0, 0]), account]))
        #expect(view.screen(LetterSamples.people()).text.contains("The numbers do not add up for homerton: run"))
        #expect(view.screen(.pipe).text.hasSuffix("accounts\tdo-not-add-up\thomerton"))
    }

    @Test("no letters are good news, and a worker that says nothing of them is not misread") func none() {
        let json: JSON = ["deadLetters": ["parked": 0, "oldest": .null, "causes": []]]
        #expect(
            DeadLetterStatus(json).screen(LetterSamples.people()).text.contains("Dead letters: none, nothing waits"))
        #expect(DeadLetterStatus(json).screen(.pipe).text.isEmpty)
        #expect(DeadLetterStatus([:]).screen(LetterSamples.people()).text.isEmpty)
    }

    @Test("P3: letters about the patient who is looked up are said where the source is said to be complete")
    func coverage() {
        let row = CoverageRow(["hie": "barts", "state": "complete", "heldOfPatient": 2])
        #expect(row.reason == "2 dead letters are about this patient" && !row.isWhole)
        #expect(CoverageRow(["hie": "barts", "state": "complete"]).isWhole)
        #expect(
            CoverageRow(["hie": "barts", "state": "held", "reason": "3 held", "heldOfPatient": 1]).reason
                == "3 held; 1 dead letter is about this patient")
    }

    @Test("the parts of an import are counted together, with the lines of the whole file") func importTally() {
        var tally = ImportTally()
        tally.add(
            ["imported": 5, "known": 1, "refused": [["line": 3, "reason": "no id"]], "refusedCount": 1], firstLine: 1)
        tally.add(
            ["imported": 2, "known": 0, "refused": [["line": 1, "reason": "x\u{1B}"]], "refusedCount": 4], firstLine: 8)
        #expect(tally.complaints == ["line 3: no id", "line 8: x", "… and 3 more"])
        #expect(tally.screen(.pipe).text == "imported\t7\nknown\t1\nrefused\t5")
        #expect(tally.json["refusedCount"] == 5 && tally.json["refused"]?.elements?.last?["line"] == 8)
        #expect(
            tally.screen(LetterSamples.people()).text
                == "imported: 7 letters\nthere already: 1 letter\nrefused: 5 letters")
        tally.add(
            ["imported": .number("\(Int64.max)"), "known": .number("-3"), "refused": [[:]]], firstLine: Int.max / 2)
        #expect(tally.known == 1 && tally.refusedCount == 6)
    }
}
