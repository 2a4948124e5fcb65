import Yams

/// What the YAML parser says, in words that help.
enum SyntaxMistake {
    static func mistake(_ error: any Error, file: String) -> Mistake {
        func mistake(_ mark: Mark?, _ message: String) -> Mistake {
            Mistake(file: file, line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1), message: message)
        }
        guard let error = error as? YamlError else { return mistake(nil, "the file is not YAML") }
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            return mistake(mark, "not YAML: \(shown(problem))\(advice(for: problem))")
        case .composer(_, let problem, let mark, _):
            return mistake(mark, "\(problem): the file holds one document without anchors")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "`\(NodeReader.shown($0))`" }.joined(separator: ", ")
            return mistake(context.mark, "\(names) is there more than once in the same mapping: keep one of them")
        case .reader(_, let offset, _, let yaml):
            let (line, column) = position(of: offset ?? 0, in: yaml)
            let message = "a character that YAML does not allow: delete it"
            return Mistake(file: file, line: line, column: column, message: message)
        case .dataCouldNotBeDecoded:
            return mistake(nil, "not UTF-8: save the file as UTF-8")
        case .no, .memory, .writer, .emitter, .representer:
            return mistake(nil, "the file could not be read as YAML")
        }
    }

    /// The parser names a function of its own in this one.
    private static func shown(_ problem: String) -> String {
        problem.contains("nesting level") ? "brackets or dashes nested too deep" : problem
    }

    private static func advice(for problem: String) -> String {
        if problem.contains("mapping values are not allowed") {
            return "; put a text that holds `: ` in quotes, and check the indentation"
        }
        if problem.contains("cannot start any token") {
            return "; use spaces instead of tabs, and put a text that begins with a special character in quotes"
        }
        if problem.contains("unexpected end of stream") { return "; close the quote that begins before it" }
        if problem.contains("nesting level") { return "; no more than ten levels are needed" }
        if problem.contains("expected ',' or") { return "; close the bracket, or put the text in quotes" }
        if problem.contains("could not find expected ':'") { return "; a key is followed by a colon and a space" }
        return "; check the indentation, quotes and brackets around here"
    }

    private static func position(of offset: Int, in yaml: String) -> (line: Int, column: Int) {
        let before = yaml.prefix(offset)
        let lineStart = before.lastIndex(where: \.isNewline).map { yaml.index(after: $0) } ?? yaml.startIndex
        let line = before.count(where: \.isNewline) + 1
        return (line, yaml[lineStart..<before.endIndex].unicodeScalars.count + 1)
    }
}
