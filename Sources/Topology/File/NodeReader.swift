package import Yams

/// Reads values out of YAML nodes, and notes a mistake for every one that is not what it should be.
package struct NodeReader {
    /// After this many the reader stops.
    package static let mistakesMax = 20
    /// So much of a wrong value is shown.
    package static let shownMaxCharacters = 40

    package let file: String
    package private(set) var mistakes: [Mistake] = []

    package init(file: String) {
        self.file = file
    }

    package var isFull: Bool { mistakes.count >= Self.mistakesMax }

    package mutating func note(_ message: String, at node: Node) {
        note(message, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    package mutating func note(_ message: String, line: Int, column: Int) {
        let mistake = Mistake(file: file, line: line, column: column, message: message)
        guard !isFull, !mistakes.contains(mistake) else { return }
        mistakes.append(mistake)
    }

    /// The values of a mapping by key. `nil`, with a mistake noted, unless `node` is a mapping.
    ///
    /// Keys that are not `known` are noted and left out; `nil` as `known` lets every key through.
    package mutating func fields(_ node: Node, of what: String, known: [String]?) -> Fields? {
        guard isPlain(node) else { return nil }
        guard case .mapping(let mapping) = node else {
            let keys = known.map { " with \($0.map { "`\($0)`" }.joined(separator: ", "))" } ?? ""
            note("\(what) is a mapping\(keys), not \(Self.kind(node))", at: node)
            return nil
        }
        var fields = Fields(what: what, node: node)
        for (key, value) in mapping {
            guard !isFull else { return nil }
            guard isPlain(key), let name = text(key, as: "a key of \(what)") else { continue }
            if let known, !known.contains(name) {
                let suggestion = Suggestion.text(for: name, among: known)
                let keys = known.map { "`\($0)`" }.joined(separator: ", ")
                note(
                    "\(what) has no `\(Self.shown(name))`\(suggestion.isEmpty ? "; it has \(keys)" : suggestion)",
                    at: key)
            } else {
                fields.append(name, key: key, value: value)
            }
        }
        return fields
    }

    /// The elements of a list. `nil`, with a mistake noted, unless `node` is a list.
    package mutating func list(_ node: Node, of what: String) -> [Node]? {
        guard isPlain(node) else { return nil }
        guard case .sequence(let sequence) = node else {
            note("\(what) is a list (one - a line), not \(Self.kind(node))", at: node)
            return nil
        }
        return Array(sequence)
    }

    /// The text of a scalar. `nil`, with a mistake noted, for anything else and for nothing.
    package mutating func text(_ node: Node, as what: String) -> String? {
        guard isPlain(node) else { return nil }
        guard case .scalar(let scalar) = node else {
            note("\(what) is a text, not \(Self.kind(node))", at: node)
            return nil
        }
        guard !scalar.string.allSatisfy(\.isWhitespace), node.null == nil else {
            note("\(what) is empty: write a text", at: node)
            return nil
        }
        return scalar.string
    }

    /// One of a closed set of words.
    package mutating func word<Word: RawRepresentable & CaseIterable>(
        _ node: Node, as what: String, _ type: Word.Type
    ) -> Word? where Word.RawValue == String {
        guard let text = text(node, as: what) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue)
        let suggestion = Suggestion.text(for: text, among: words)
        note("\(what) `\(Self.shown(text))` is unknown: write \(words.joined(separator: ", "))\(suggestion)", at: node)
        return nil
    }

    /// Anchors make one node stand in many places, so that a small file can say enormously much.
    mutating func isPlain(_ node: Node) -> Bool {
        guard node.anchor == nil else {
            note(ScreenedText.anchorMessage, at: node)
            return false
        }
        return true
    }

    package static func shown(_ text: String) -> String {
        let line = text.prefix { !$0.isNewline }
        return line.count == text.count && text.count <= shownMaxCharacters
            ? text : line.prefix(shownMaxCharacters) + "…"
    }

    static func kind(_ node: Node) -> String {
        switch node {
        case .scalar: node.null == nil ? "a text" : "nothing"
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

/// The fields of one mapping, each with the nodes of its key and value.
package struct Fields {
    package let what: String
    package let node: Node
    package private(set) var all: [(name: String, key: Node, value: Node)] = []

    package init(what: String, node: Node) {
        self.what = what
        self.node = node
    }

    package mutating func append(_ name: String, key: Node, value: Node) {
        all.append((name, key, value))
    }

    package subscript(name: String) -> Node? { all.first { $0.name == name }?.value }
}

extension NodeReader {
    /// The value of a field that has to be there.
    package mutating func required(_ name: String, in fields: Fields, example: String) -> Node? {
        if let value = fields[name] { return value }
        note("\(fields.what) lacks `\(name)`: add \(example)", at: fields.node)
        return nil
    }
}
