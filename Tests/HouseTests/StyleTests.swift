import Foundation
import Testing

/// The house style's countable rules.
@Suite("House style") struct StyleTests {
    private static let fileLinesMax = 350
    private static let lineCharactersMax = 120

    @Test("a file fits in the head, a line on the screen") func sizes() throws {
        for file in try SourceTree("Sources", "Tests").files {
            if file.lines.count > Self.fileLinesMax { Issue.record("\(file.path) has \(file.lines.count) lines") }
            for (number, line) in file.lines.enumerated() where line.count > Self.lineCharactersMax {
                Issue.record("\(file.path):\(number + 1) has \(line.count) characters")
            }
        }
    }

    @Test(
        "an escape hatch gives its reason on the line",
        arguments: [
            "@unchecked Sendable", "nonisolated(unsafe)", "assumeIsolated", "try!", "fatalError(", "unowned(unsafe)",
        ])
    func escapeHatches(hatch: String) throws {
        let places = try SourceTree("Sources", "Tests").places { code, line in
            code.contains(hatch) && !code.contains("\"\(hatch)") && !Self.givesReason(line)
        }
        #expect(places == [])
    }

    @Test("a forced unwrap gives its reason on the line") func forcedUnwraps() throws {
        let forced = try Regex(#"[A-Za-z0-9_)\]]!([.,;: )\]]|$)"#)
        let places = try SourceTree("Sources").places { code, line in
            code.firstMatch(of: forced) != nil && !code.contains("\"") && !Self.givesReason(line)
        }
        #expect(places == [])
    }

    @Test("a task of its own gives its reason, on the line or above it") func looseTasks() throws {
        let loose = try Regex(#"\bTask(\.detached)?(\([^)]*\))? *\{"#)
        for file in try SourceTree("Sources").files {
            for (number, line) in file.lines.enumerated() where line.firstMatch(of: loose) != nil {
                let above = number > 0 ? file.lines[number - 1] : ""
                let hasReason = Self.givesReason(line) || above.trimmingCharacters(in: .whitespaces).hasPrefix("//")
                if !hasReason { Issue.record("\(file.path):\(number + 1) starts a task without a reason") }
            }
        }
    }

    @Test("nothing is left for later, and nothing has a name that says nothing") func names() throws {
        let vague = try Regex(
            #"\b(class|struct|enum|actor|protocol) \w*(Manager|Helper|Util|Utils|Common|Base|Impl)\b"#)
        let marks = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
        let places = try SourceTree("Sources", "Tests").places { code, line in
            code.firstMatch(of: vague) != nil || marks.contains { line.contains($0) }
        }
        #expect(places == [])
    }

    @Test("tests do not sleep") func sleeps() throws {
        let sleep = try Regex(#"\b(Task\.sleep|usleep|Thread\.sleep|sleep)\("#)
        let places = try SourceTree("Tests").places { code, line in
            code.firstMatch(of: sleep) != nil && !Self.givesReason(line)
        }
        #expect(places == [])
    }

    private static func givesReason(_ line: String) -> Bool {
        guard let comment = line.range(of: "//") else { return false }
        return line[comment.upperBound...].trimmingCharacters(in: .whitespaces).count > 5
    }
}
