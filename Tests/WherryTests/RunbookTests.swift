import ArgumentParser
import Foundation
import Replication
import TestSupport
import Testing

@testable import wherry

@Suite("The runbook")
struct RunbookTests {
    private static let alarms = "Docs/alerts/wherry.rules.yml"
    /// One of every word.
    private static let states: [CoverageState] = [
        .complete, .behind(changes: 1), .silent(since: nil), .held(deadLetters: 1), .joining(applied: 0, of: 1),
        .planned,
    ]

    private let page: RunbookPage

    init() throws { page = try RunbookPage() }

    @Test("every command works as it stands, in the order of the page")
    func commands() async throws {
        var mesh = try await RunbookMesh()
        for commands in page.commands where commands.exemption == nil {
            try await mesh.fill()
            let result = try await mesh.run(commands.text)
            #expect(
                result.status == 0,
                """
                \(RunbookPage.path):\(commands.line): status \(result.status)
                \(commands.text)
                \(result.output.suffix(2000))
                \(result.errors.suffix(2000))
                """)
        }
        // What was started slowly was found, paused, resumed and cancelled by the commands that follow it.
        let states = try await mesh.planStates()
        #expect(states.contains("cancelled") && states.contains("finished"), "\(states)")
        #expect(!states.contains("running") && !states.contains("paused") && !states.contains("stopped"), "\(states)")
        let end = try await mesh.stop()
        #expect(end.status == 0, "\(end.errors.suffix(2000))")
    }

    @Test("what is not run says why, and is the exception")
    func exemptions() {
        let exempt = page.commands.compactMap(\.exemption)
        #expect(exempt.allSatisfy { $0.count > 10 })
        #expect(exempt.count <= 2 && page.commands.count > 30)
    }

    @Test("every cause, every state and every alarm has a section: what it means, who is at risk, when it is over")
    func sections() throws {
        let causes = Rejection.Cause.allCases.map { "cause-\($0.rawValue)" }
        let states = Self.states.map { "state-\($0.word)" }
        let others = ["breaker-open", "broker-down", "broker-blocked", "paused-parts", "worker-down"]
        let alarms = try alarms()
        #expect(!alarms.isEmpty)
        for anchor in causes + states + others + alarms.map({ "alarm-\($0.lowercased())" }) {
            guard let section = page.section(anchor) else {
                Issue.record("there is no section #\(anchor)")
                continue
            }
            for part in ["**Means:**", "**A patient at risk?**", "ook at", "ype", "ver when"] {
                #expect(section.text.contains(part), "#\(anchor) leaves out \(part)")
            }
        }
    }

    @Test("every alarm leads to its own section")
    func runbookAddresses() throws {
        let rules = try text(Self.alarms)
        let anchors = RunbookPage.anchors(in: rules, after: "runbook.md")
        let wanted = Set(try alarms().map { "alarm-\($0.lowercased())" })
        #expect(anchors == wanted)
    }

    @Test("whatever leads to the page, or from one place of it to another, arrives")
    func references() throws {
        let known = Set(page.sections.map(\.anchor))
        #expect(known.count == page.sections.count, "two headings are the same")
        for file in try Self.files() {
            let missing = RunbookPage.anchors(in: try text(file), after: "runbook.md").subtracting(known)
            #expect(missing.isEmpty, "\(file) leads to \(missing.sorted())")
        }
        #expect(RunbookPage.anchors(in: page.text, after: "](").subtracting(known).isEmpty)
        for link in links() {
            #expect(FileManager.default.fileExists(atPath: "\(packageDirectory)/Docs/\(link)"), "no file \(link)")
        }
    }

    @Test("every verb for dead letters is explained")
    func verbs() {
        for verb in DeadLettersCommand.configuration.subcommands {
            let name = verb.configuration.commandName ?? ""
            #expect(page.commands.contains { $0.text.contains("wherry deadletters \(name) ") }, "\(name)")
        }
    }

    private func alarms() throws -> [String] {
        try text(Self.alarms).split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return words.starts(with: ["-", "alert:"]) ? words.last.map(String.init) : nil
        }
    }

    /// Files that the page leads to.
    private func links() -> [Substring] {
        page.text.matches(of: #/\]\(([^)#:\s]+)\)/#).map(\.output.1)
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(packageDirectory)/\(path)", encoding: .utf8)
    }

    /// Everything that may lead to the page.
    private static func files() throws -> [String] {
        var files = ["README.md"]
        for folder in ["Sources", "Docs"] {
            let names = try FileManager.default.subpathsOfDirectory(atPath: "\(packageDirectory)/\(folder)")
            files += names.filter { name in [".swift", ".md", ".yml", ".yaml"].contains { name.hasSuffix($0) } }
                .map { "\(folder)/\($0)" }
        }
        return files
    }
}
