import Storage

/// A plan for people and programs: what a replay would do, what one did, and what to type next.
struct PlanView {
    let plan: PlanAnswer
    let url: WorkerURL

    /// What a replay would do, and the command for it.
    func dryRun(_ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        screen.tell("plan", .init(plan.name), .init(plan.stateWord), .init("\(plan.count)"), .init(plan.selection))
        screen.say(.init("Plan \(plan.name): \(Invocation.letters(plan.count))\(selectionText)", .bold))
        screen.space()
        var section = Section("What a replay would do", .init("letters", .right), .init("what"), .init("meaning"))
        for row in rows {
            section.append(
                "foreseen", .init("\(row.foreseen)"), .init(row.foreseenWord, row.foreseen > 0 ? row.style : .dim),
                .init(row.meaning, .dim))
        }
        screen.append(section)
        let command = Invocation.text("replay", [plan.name], from: url, #"--reason "…" --canary 10"#)
        screen.say("The letters of the plan do not change any more. To replay them:")
        screen.say(.init("  \(command)", .bold))
        screen.tell("next", .init(command))
        return screen
    }

    /// How a replay stands or ended, and what to do about it.
    func outcome(_ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        screen.tell(
            "plan", .init(plan.name), .init(plan.stateWord), .init("\(plan.count)"), .init(plan.endReason ?? ""))
        var section = Section(
            "Plan \(plan.name): \(plan.stateWord)", .init("letters", .right), .init("foreseen", .right), .init("what"))
        for row in rows {
            section.append(
                "result", .init("\(row.result)"), .init("\(row.foreseen)"),
                .init(row.resultWord, row.result > 0 ? row.style : .dim))
        }
        section.append(
            "result", .init("\(plan.notAttempted)"), "0",
            .init("not attempted", plan.notAttempted > 0 ? .yellow : .dim))
        screen.append(section)
        screen.say(verdict)
        for (what, command) in next {
            screen.say(.init("  \(what)\(command)", .dim))
            screen.tell("next", .init(command))
        }
        return screen
    }

    /// One line about a plan that runs, beside the bar.
    var progressText: String {
        let failed = plan.results.failed
        let canary = plan.order?.canary ?? 0
        return [
            failed > 0 ? "\(failed) failed again" : nil,
            canary > 0 && plan.done < canary ? "canary: the first \(canary)" : nil,
            plan.window.map { "\($0) at once" },
            plan.order?.rate.map { "at most \(Self.number($0))/s" },
            plan.perSecond.map { "now \(Self.number($0))/s" },
            plan.state == .running ? nil : plan.stateWord, plan.trouble.map { Table.Cell("waits: \($0)").text },
        ].compactMap(\.self).joined(separator: ", ")
    }

    /// Whole numbers without a fraction; anything else with one digit.
    static func number(_ value: Double) -> String {
        let tenths = (min(max(value, 0), 1e12) * 10).rounded()
        return tenths.remainder(dividingBy: 10) == 0 ? "\(Int(tenths / 10))" : "\(tenths / 10)"
    }

    private struct Row {
        let foreseen, result: Int
        let foreseenWord, resultWord, meaning: String
        let style: Style
    }

    private var rows: [Row] {
        [
            Row(
                foreseen: plan.foreseen.applied, result: plan.results.applied, foreseenWord: "apply",
                resultWord: "applied", meaning: "the index takes it", style: .green),
            Row(
                foreseen: plan.foreseen.duplicate, result: plan.results.duplicate, foreseenWord: "duplicate",
                resultWord: "duplicate", meaning: "the index has this very change: nothing happens", style: .plain),
            Row(
                foreseen: plan.foreseen.superseded, result: plan.results.superseded, foreseenWord: "superseded",
                resultWord: "superseded", meaning: "its source has said something later: nothing happens",
                style: .plain),
            Row(
                foreseen: plan.foreseen.failed, result: plan.results.failed, foreseenWord: "fail again",
                resultWord: "failed again", meaning: "it is refused as before: edit it, or discard it", style: .red),
        ]
    }

    private var selectionText: String { plan.selection.isEmpty ? "" : " (\(plan.selection))" }

    /// What it comes to, in a sentence.
    private var verdict: Table.Cell {
        let reason = plan.endReason.map { ": \($0)" } ?? ""
        let rest = Invocation.letters(plan.notAttempted)
        switch plan.state {
        case .finished?:
            guard plan.results.failed > 0 else {
                return .init("Finished: nothing was refused again.", .green)
            }
            return .init("Finished, but \(Invocation.letters(plan.results.failed)) failed again and stay parked.", .red)
        case .stopped?: return .init("It stopped by itself\(reason). \(rest) are left.", .red)
        case .paused?: return .init("It is paused\(reason). \(rest) are left.", .yellow)
        case .cancelled?: return .init("It was cancelled\(reason). \(rest) stay parked.", .yellow)
        case .running?: return .init("It runs: \(plan.done) of \(plan.count) so far.")
        case .planned?: return .init("It was not started.")
        case nil: return .init("It is \(plan.stateWord)\(reason).")
        }
    }

    private var next: [(String, String)] {
        let report = ("what became of each: ", Invocation.text("report", [plan.name], from: url))
        let follow = Invocation.text("resume", [plan.name], from: url)
        let cancel = Invocation.text("cancel", [plan.name], from: url, #"--reason "…""#)
        switch plan.state {
        case .finished?, .cancelled?: return [report]
        case .stopped?, .paused?: return [report, ("go on: ", follow), ("end it for good: ", cancel)]
        case .running?:
            return [
                ("follow it: ", Invocation.text("replay", [plan.name], from: url)),
                ("pause it: ", Invocation.text("pause", [plan.name], from: url)),
            ]
        case .planned?, nil: return []
        }
    }
}
