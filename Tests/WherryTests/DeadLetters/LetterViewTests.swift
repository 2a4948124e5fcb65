import CareRecord
import Testing

@testable import wherry

@Suite("What is shown of dead letters") struct LetterViewTests {
    private static func list(
        _ json: JSON, selection: LetterSelection = LetterSelection(), extent: LetterListView.Extent = .newest
    ) -> LetterListView {
        LetterListView(
            json, letters: json["deadLetters"]?.elements ?? [], selection: selection, url: LetterSamples.url,
            extent: extent)
    }

    private static let sample = LetterSamples.list(
        [LetterSamples.letter(1), LetterSamples.letter(2, cause: "expired", source: nil, resource: nil)], total: 1204,
        groups: [
            LetterSamples.group("schema", 1000), LetterSamples.group("expired", 203, source: nil),
            LetterSamples.group("schema", 1, source: "homerton"),
        ])

    @Test("people see the causes, what to do about each, the newest letters, and what to type next") func list() {
        let text = Self.list(Self.sample).screen(LetterSamples.people()).text
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.first == "1204 dead letters")
        #expect(lines.contains("By cause") && lines.contains("The newest 2"))
        #expect(lines.contains("schema (1001): schema happened.") && lines.contains("  Mend schema."))
        #expect(lines.contains("expired (203): expired happened."))
        #expect(lines.contains { $0.contains("unknown") && $0.contains("203") })
        let letters = lines.filter { $0.contains("parked") }
        #expect(letters.count == 2 && letters[0].contains("2  expired") && letters[1].contains("Condition/c1"))
        #expect(text.contains("wherry deadletters show 2 --from http://127.0.0.1:8080"))
        #expect(lines.last?.hasSuffix("wherry deadletters plan --from http://127.0.0.1:8080") == true)
    }

    @Test("programs get a line each, the kind first, with moments as they are") func pipe() {
        let lines = Self.list(Self.sample).screen(.pipe).text.split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "group\tschema\tbarts\twherry.changes.v1\tunder a day\t1000\t2026-11-22T17:03:05.123Z",
                "group\texpired\tunknown\twherry.changes.v1\tunder a day\t203\t2026-11-22T17:03:05.123Z",
                "group\tschema\thomerton\twherry.changes.v1\tunder a day\t1\t2026-11-22T17:03:05.123Z",
                "remedy\tschema\tschema happened.\tMend schema.", "remedy\texpired\texpired happened.\tMend expired.",
                "letter\t2\texpired\tunknown\tchange 42\t2026-11-22T17:04:05.123Z\t2\tparked\tno seq",
                "letter\t1\tschema\tbarts\tCondition/c1\t2026-11-22T17:04:05.123Z\t2\tparked\tno seq",
            ])
    }

    @Test("an empty list says so kindly, with what was asked for") func empty() throws {
        let json = LetterSamples.list([])
        #expect(
            Self.list(json).screen(LetterSamples.people()).text == "no dead letters: nothing waits for you")
        let selection = try LetterSelection([.cause: "schema", .source: "barts"])
        #expect(
            Self.list(json, selection: selection).screen(LetterSamples.people()).text
                == "no dead letters with cause schema, source barts: nothing waits for you")
        #expect(Self.list(json).screen(.pipe).text.isEmpty)
    }

    @Test("many groups are cut for people, unless they ask for the groups") func manyGroups() {
        let groups = (0..<20).map { LetterSamples.group("cause-\($0)", 100 - $0) }
        let json = LetterSamples.list([LetterSamples.letter(1)], total: 1800, groups: groups)
        let text = Self.list(json).screen(LetterSamples.people()).text
        #expect(text.contains("… and 8 more groups") && !text.contains("cause-12 ") && !text.contains("cause-3 ("))
        let whole = Self.list(json, extent: .groups).screen(LetterSamples.people()).text
        #expect(whole.contains("cause-19") && whole.contains("cause-19 (81)") && !whole.contains("more groups"))
    }

    @Test("a table is not wider than the terminal") func width() {
        let letter = LetterSamples.letter(1, detail: String(repeating: "long ", count: 60))
        let json = LetterSamples.list([letter], groups: [LetterSamples.group("schema", 1)])
        let text = Self.list(json).screen(LetterSamples.people(width: 80)).text
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("  ") }
        #expect(rows.allSatisfy { $0.count <= 80 } && rows.contains { $0.hasSuffix("…") })
    }

    @Test("a letter is explained: what, whence, decoded and raw, the index, a replay, the history") func page() {
        let text = LetterPage(LetterSamples.page(), url: LetterSamples.url).screen(LetterSamples.people()).text
        for title in [
            "Dead letter 4711", "Where it came from", "Properties", "Headers", "Message, decoded",
            "Message, as it is (24 bytes)", "The index now", "A replay", "History",
        ] {
            #expect(text.contains(title), "\(title)")
        }
        #expect(text.contains("remedy      Tell the source.") && text.contains("came        2 times"))
        #expect(text.contains(#"x-death       [{"count":1}]"#) && text.contains(#"    "seq": 42,"#))
        #expect(text.contains("condition, Asthma, active, 2020-05-01") && text.contains("change 50"))
        #expect(text.contains("the source has said something later of this (change 57)"))
        #expect(text.contains("the worker") && text.contains("ada"))
        #expect(text.contains("wherry deadletters plan --id 4711 --from") && !text.contains("Edited:"))
        let pipe = LetterPage(LetterSamples.page(), url: LetterSamples.url).screen(.pipe).text
            .split(separator: "\n").map(String.init)
        #expect(pipe.contains("letter\tcause\tschema") && pipe.contains("header\twherry-after\t41"))
        #expect(pipe.contains("body\t{\"seq\":42,\"patient\":\"x\"}") && pipe.contains("decoded\t  \"seq\": 42,"))
        #expect(pipe.allSatisfy { $0.contains("\t") })
    }

    @Test("what is no text is dumped, and a long message is cut unless all is wanted") func raw() {
        let bytes = (0..<3000).map { UInt8(128 + $0 % 128) }
        let json = LetterSamples.page(body: bytes)
        let text = LetterPage(json, url: LetterSamples.url).screen(.pipe).text
        #expect(text.contains("body\t00000000  80 81 82") && !text.contains("decoded\t"))
        #expect(text.split(separator: "\n").count { $0.hasPrefix("body\t0") } == LetterPage.bodyLinesMax)
        #expect(text.contains("body\t… the rest: wherry deadletters show 4711 --from http://127.0.0.1:8080 --raw"))
        let whole = LetterPage(json, url: LetterSamples.url, bodyLinesMax: .max).screen(.pipe).text
        #expect(whole.split(separator: "\n").count { $0.hasPrefix("body\t0") } == 188)
        let lines = Array(String(repeating: "line\n", count: 64).utf8)
        let fits = LetterPage(LetterSamples.page(body: lines), url: LetterSamples.url).screen(.pipe).text
        #expect(fits.split(separator: "\n").count { $0 == "body\tline" } == 64 && !fits.contains("the rest"))
    }

    @Test("an edited letter shows what came and what differs") func edited() {
        let json = LetterSamples.page().with([
            "edited": true, "original": ["body": #"{"seq":41,"patient":"x"}"#, "headers": ["wherry-epoch": "e0"]],
        ])
        let text = LetterPage(json, url: LetterSamples.url).screen(LetterSamples.people(colour: true)).text
        #expect(text.contains("parked, edited") && text.contains("As it came (24 bytes)"))
        #expect(text.contains("\u{1B}[31m  -  \"seq\": 41,\u{1B}[0m") && text.contains("\u{1B}[32m  +  \"seq\": 42,"))
        #expect(text.contains(#"-header wherry-epoch: "e0""#))
    }

    @Test("nothing that a worker or a message says controls the terminal") func hostile() {
        let evil = JSON.string(LetterSamples.hostile)
        func poisoned(_ json: JSON) -> JSON {
            switch json {
            case .string: evil
            case .array(let elements): .array(elements.map(poisoned))
            case .object(let object):
                .object(JSONObject(object.members.map { .init(name: $0.name, value: poisoned($0.value)) }))
            case .null, .bool, .number: json
            }
        }
        let page = poisoned(LetterSamples.page()).with([
            "body": evil, "decoded": ["\(LetterSamples.hostile)": evil], "bodyBase64": .null, "original": ["body": "x"],
        ])
        let plan = poisoned(LetterSamples.plan("stopped", reason: "x")).with(["selection": evil])
        let status: JSON = [
            "deadLetters": ["causes": [["cause": evil, "count": 1, "oldest": evil]]], "accounts": [["hie": evil]],
        ]
        for look in [LetterSamples.people(colour: true), LetterSamples.people(width: 60), .pipe] {
            var texts = [
                Self.list(poisoned(Self.sample)).screen(look).text,
                LetterPage(page, url: LetterSamples.url).screen(look).text,
                DeadLettersEdit.screen(
                    ["diff": [evil], "foreseen": ["verdict": evil]], id: 1, from: LetterSamples.url, look
                ).text,
                DeadLetterStatus(status).screen(look).text,
            ]
            if let plan = PlanAnswer(plan) {
                let view = PlanView(plan: plan, url: LetterSamples.url)
                texts += [view.dryRun(look).text, view.outcome(look).text, view.progressText]
                texts.append(DeadLettersPlans.screen([plan], from: LetterSamples.url, look).text)
            }
            #expect(texts.count == 8)
            for (index, text) in texts.enumerated() { #expect(LetterSamples.isHarmless(text), "text \(index)") }
        }
    }
}

@Suite("What is shown of plans") struct PlanViewTests {
    private static func plan(_ json: JSON) throws -> PlanView {
        PlanView(plan: try #require(PlanAnswer(json)), url: LetterSamples.url)
    }

    @Test("a dry run has the totals and ends with the command to replay it") func dryRun() throws {
        let view = try Self.plan(LetterSamples.plan("planned"))
        let text = view.dryRun(LetterSamples.people()).text
        #expect(text.hasPrefix("Plan 12-3f9ab2c4: 1204 letters (cause schema)"))
        #expect(text.contains("1200  apply") && text.contains("2  fail again"))
        let command =
            #"wherry deadletters replay 12-3f9ab2c4 --from http://127.0.0.1:8080 --reason "…" --canary 10"#
        #expect(text.hasSuffix(command))
        let pipe = view.dryRun(.pipe).text.split(separator: "\n").map(String.init)
        #expect(pipe.first == "plan\t12-3f9ab2c4\tplanned\t1204\tcause schema" && pipe.last == "next\t\(command)")
        #expect(pipe[1] == "foreseen\t1200\tapply\tthe index takes it" && pipe.count == 6)
    }

    @Test("a line of progress says canary, window and rate") func progress() throws {
        let order: JSON = ["to": "subscriber", "by": "ada", "reason": "r", "canary": 10, "rate": .number("50")]
        let view = try Self.plan(LetterSamples.plan("running", applied: 3, failed: 1, order: order))
        #expect(
            view.progressText == "1 failed again, canary: the first 10, 64 at once, at most 50/s, now 12.5/s")
        let later = try Self.plan(LetterSamples.plan("running", applied: 30, order: order))
        #expect(later.progressText == "64 at once, at most 50/s, now 12.5/s")
    }

    @Test(
        "the outcome is a sentence, with what to type",
        arguments: [
            ("finished", 1204, 0, "Finished: nothing was refused again.", "report"),
            ("finished", 1203, 1, "Finished, but 1 letter failed again and stay parked.", "report"),
            ("stopped", 3, 5, "It stopped by itself: why. 1196 letters are left.", "resume"),
            ("paused", 4, 0, "It is paused: why. 1200 letters are left.", "resume"),
            ("cancelled", 4, 0, "It was cancelled: why. 1200 letters stay parked.", "report"),
            ("running", 4, 0, "It runs: 4 of 1204 so far.", "pause"),
        ])
    func outcome(_ state: String, _ applied: Int, _ failed: Int, _ sentence: String, _ verb: String) throws {
        let view = try Self.plan(LetterSamples.plan(state, applied: applied, failed: failed, reason: "why"))
        let text = view.outcome(LetterSamples.people()).text
        #expect(text.contains(sentence), "\(text)")
        #expect(text.contains("wherry deadletters \(verb) 12-3f9ab2c4 --from http://127.0.0.1:8080"))
        #expect(view.plan.isClean == (state == "finished" && failed == 0))
        let pipe = view.outcome(.pipe).text.split(separator: "\n").map(String.init)
        #expect(pipe.first == "plan\t12-3f9ab2c4\t\(state)\t1204\twhy")
        #expect(pipe.contains("result\t\(applied)\t1200\tapplied"))
        #expect(pipe.contains("result\t\(1204 - applied - failed)\t0\tnot attempted"))
    }

    @Test("what is no plan is not taken for one, and wild numbers do no harm") func wild() throws {
        #expect(PlanAnswer(.null) == nil && PlanAnswer(["plan": "12"]) == nil)
        let json = LetterSamples.plan("running").with([
            "count": .number("-5"), "results": ["applied": .number("\(Int64.max)"), "failedAgain": .number("-1")],
            "perSecond": .number("1e300"), "window": .number("-1"), "foreseen": .null,
        ])
        let view = try Self.plan(json)
        #expect(view.plan.count == 0 && view.plan.done == 0 && view.plan.notAttempted == 0)
        #expect(!view.outcome(LetterSamples.people()).text.isEmpty && view.progressText.contains("/s"))
        #expect(!ProgressBar.line(done: 0, total: 0, unit: .letters, seconds: 0, text: "").isEmpty)
    }

    @Test(
        "numbers are short",
        arguments: [(12.5, "12.5"), (50, "50"), (0.04, "0"), (-1, "0"), (.infinity, "1000000000000")])
    func number(_ value: Double, _ text: String) { #expect(PlanView.number(value) == text) }

    @Test("plans are a table, and none is a hint") func plans() throws {
        let plans = try ["finished", "running"].map { try #require(PlanAnswer(LetterSamples.plan($0, applied: 9))) }
        let pipe = DeadLettersPlans.screen(plans, from: LetterSamples.url, .pipe).text.split(separator: "\n")
        #expect(
            pipe.first
                == "plan\t12-3f9ab2c4\tfinished\t1204\t9\t0\tada\t2026-11-22T17:03:05.123Z\tcause schema")
        #expect(
            DeadLettersPlans.screen([], from: LetterSamples.url, LetterSamples.people()).text.hasPrefix(
                "no plans: wherry"))
    }
}
