import Foundation
import TestSupport

/// `Docs/runbook.md`: its sections, and the commands in it.
struct RunbookPage {
    /// Commands for a shell, as they stand.
    struct Commands {
        /// Of the first one, in the file.
        let line: Int
        let text: String
        /// Why they are not run here; `nil` for those that are.
        let exemption: String?
    }

    struct Section {
        /// As GitHub makes it of the heading.
        let anchor: String
        var text: String
    }

    static let path = "Docs/runbook.md"
    private static let fence = "```"

    let text: String
    private(set) var commands: [Commands] = []
    private(set) var sections: [Section] = []

    init() throws {
        self.init(try String(contentsOfFile: "\(packageDirectory)/\(Self.path)", encoding: .utf8))
    }

    init(_ text: String) {
        self.text = text
        var open: (language: String, line: Int, exemption: String?)?
        var body: [Substring] = []
        var before: Substring = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if let block = open {
                if line == Self.fence {
                    open = nil
                    if block.language == "sh" {
                        let text = body.joined(separator: "\n")
                        commands.append(Commands(line: block.line, text: text, exemption: block.exemption))
                    }
                } else {
                    body.append(line)
                }
            } else if line.hasPrefix(Self.fence) {
                // Lines count from 1, and the commands begin below the fence.
                open = (String(line.dropFirst(Self.fence.count)), index + 2, Self.exemption(in: before))
                body = []
            } else if line.hasPrefix("#") {
                sections.append(Section(anchor: Self.anchor(of: line), text: ""))
            }
            if let last = sections.indices.last { sections[last].text += "\(line)\n" }
            before = line
        }
    }

    func section(_ anchor: String) -> Section? { sections.first { $0.anchor == anchor } }

    /// The anchors of this page that a text leads to. `prefix` is what stands before their `#`.
    static func anchors(in text: String, after prefix: String) -> Set<String> {
        var anchors: Set<String> = []
        var rest = text[...]
        while let found = rest.firstRange(of: "\(prefix)#") {
            rest = rest[found.upperBound...]
            anchors.insert(String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }))
        }
        return anchors
    }

    private static func anchor(of heading: Substring) -> String {
        let title = heading.drop { $0 == "#" }.drop { $0 == " " }.lowercased()
        return String(title.filter { $0.isLetter || $0.isNumber || " -_".contains($0) }.map { $0 == " " ? "-" : $0 })
    }

    /// From `<!-- not run: why -->`.
    private static func exemption(in line: Substring) -> String? {
        guard let start = line.firstRange(of: "<!-- not run:"), let end = line.firstRange(of: "-->") else { return nil }
        return String(line[start.upperBound..<end.lowerBound])
    }
}
