import CareRecord

/// What came of the parts of an import, together, in the form of the worker's answer to one.
struct ImportTally {
    /// Of lines that were refused, so many are kept with their reason.
    static let refusedMax = 100

    private(set) var imported: Int64 = 0
    private(set) var known: Int64 = 0
    private(set) var refusedCount: Int64 = 0
    private(set) var refused: [(line: Int64, reason: String)] = []

    /// `firstLine` is that of the part in the whole file; the worker counts from 1 in each.
    mutating func add(_ json: JSON, firstLine: Int) {
        func number(_ name: String) -> Int64 { min(1 << 40, max(0, json[name]?.integer ?? 0)) }
        imported += number("imported")
        known += number("known")
        let lines = json["refused"]?.elements ?? []
        refusedCount += json["refusedCount"] == nil ? Int64(lines.count) : number("refusedCount")
        for line in lines.prefix(Self.refusedMax - refused.count) {
            let place = min(1 << 40, max(1, line["line"]?.integer ?? 1))
            refused.append((place - 1 + Int64(firstLine), line["reason"]?.text ?? ""))
        }
    }

    var json: JSON {
        [
            "imported": .number("\(imported)"), "known": .number("\(known)"),
            "refused": .array(refused.map { ["line": .number("\($0.line)"), "reason": .string($0.reason)] }),
            "refusedCount": .number("\(refusedCount)"),
        ]
    }

    func screen(_ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        screen.tell("imported", .init("\(imported)"))
        screen.tell("known", .init("\(known)"))
        screen.tell("refused", .init("\(refusedCount)"))
        screen.say(.init("imported: \(Invocation.letters(Int(imported)))", imported > 0 ? .green : .plain))
        if known > 0 { screen.say(.init("there already: \(Invocation.letters(Int(known)))")) }
        if refusedCount > 0 { screen.say(.init("refused: \(Invocation.letters(Int(refusedCount)))", .red)) }
        return screen
    }

    /// For standard error: which lines, and why.
    var complaints: [String] {
        let lines = refused.map { Table.Cell("line \($0.line): \($0.reason)").text }
        let rest = refusedCount - Int64(refused.count)
        return rest > 0 ? lines + ["… and \(rest) more"] : lines
    }
}
