import CareRecord
import Hummingbird
import Replication
import Storage

/// Which letters an operator means, from a query string or from the member `selection` of a body. The names are the
/// same in both; all of the conditions hold.
struct LetterSelection: Sendable, Hashable {
    /// What the letters are selected for: an act is done to letters of one state only.
    enum Purpose: Sendable {
        case reading
        case act(on: LetterState)
    }

    static let names = ["state", "cause", "source", "type", "queue", "id", "olderThan", "newerThan", "search"]
    /// Values of one condition: SQLite takes some 32,000 in a statement.
    static let valuesMax = 10_000
    /// Queues, types and other short strings of AMQP, and what is searched for.
    static let textBytesMax = 255

    private(set) var filter = LetterFilter()

    /// Parameters of a query string; `others` are those that the request has besides.
    init(
        _ parameters: some Sequence<(key: Substring, value: Substring)>, beside others: [String] = []
    ) throws(Refusal) {
        var conditions: [(name: String, texts: [String])] = []
        for (key, value) in parameters {
            let name = String(key)
            if others.contains(name) { continue }
            guard Self.names.contains(name) else {
                throw Refusal.unknown("parameter", name, Self.names + others)
            }
            guard !conditions.contains(where: { $0.name == name }) else {
                throw Refusal(.badRequest, .invalid, "\(name) may be given once: join several values by commas")
            }
            conditions.append((name, [String(value)]))
        }
        try self.init(conditions, for: .reading)
    }

    /// The object of a body: a value is a text as in a query string, or an array of texts or numbers.
    init(_ json: JSON?, for purpose: Purpose) throws(Refusal) {
        guard let object = json?.object else {
            throw Refusal(
                .badRequest, .required,
                "selection is an object with any of \(Self.names.joined(separator: ", ")); {} is all that has the state"
            )
        }
        var conditions: [(name: String, texts: [String])] = []
        for member in object.members {
            guard Self.names.contains(member.name) else {
                throw Refusal.unknown("member of selection", member.name, Self.names)
            }
            switch member.value {
            case .null: continue
            case .string(let text): conditions.append((member.name, [text]))
            case .number(let text): conditions.append((member.name, [text]))
            case .array(let elements):
                var texts: [String] = []
                for element in elements { texts.append(try Self.text(element, member.name)) }
                conditions.append((member.name, texts))
            case .bool, .object: throw Self.wrongForm(member.name)
            }
        }
        try self.init(conditions, for: purpose)
    }

    private init(_ conditions: [(name: String, texts: [String])], for purpose: Purpose) throws(Refusal) {
        if case .act(let state) = purpose { filter.states = [state] }
        for (name, texts) in conditions { try take(name, texts, purpose) }
    }

    private mutating func take(_ name: String, _ texts: [String], _ purpose: Purpose) throws(Refusal) {
        switch name {
        case "state": try takeStates(try Self.values(name, texts), purpose)
        case "cause":
            for value in try Self.values(name, texts) {
                guard let cause = Rejection.Cause(rawValue: value) else {
                    throw Self.unknownValue("cause", Rejection.Cause.allCases.map(\.rawValue))
                }
                filter.causes.insert(cause)
            }
        case "source":
            for value in try Self.values(name, texts) {
                guard let hie = HIEIdentifier(value) else { throw Self.unknownValue("source", ["unknown", "HIEs"]) }
                filter.sources.insert(value == Self.unknownSource ? .unknown : .hie(hie))
            }
        case "type": filter.types = Set(try Self.values(name, texts))
        case "queue": filter.queue = try Self.single(name, texts)
        case "id":
            for value in try Self.values(name, texts) {
                guard let id = Int64(value), id > 0 else {
                    throw Refusal(.badRequest, .value, "id is numbers of letters, joined by commas")
                }
                filter.ids.append(id)
            }
        case "olderThan": filter.olderThan = try Self.span(name, texts)
        case "newerThan": filter.newerThan = try Self.span(name, texts)
        case "search": filter.search = try Self.single(name, texts)
        default: preconditionFailure("the names were checked")
        }
    }

    private mutating func takeStates(_ values: [String], _ purpose: Purpose) throws(Refusal) {
        var states: Set<LetterState> = []
        for value in values where value != Self.allStates {
            guard let state = LetterState(rawValue: value) else {
                throw Self.unknownValue("state", LetterState.allCases.map(\.rawValue) + [Self.allStates])
            }
            states.insert(state)
        }
        if values.contains(Self.allStates) { states = [] }
        if case .act(let state) = purpose, states != [state] {
            throw Refusal(
                .badRequest, .businessRule,
                "this is done to letters that are \(state.rawValue): leave out state, or say \(state.rawValue)")
        }
        filter.states = states
    }
}

// MARK: - Values

extension LetterSelection {
    static let allStates = "all"
    static let unknownSource = "unknown"

    /// The parts of texts that commas join.
    private static func values(_ name: String, _ texts: [String]) throws(Refusal) -> [String] {
        let values = texts.flatMap { text in
            text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        }
        guard !values.isEmpty, !values.contains(""), values.count <= valuesMax else {
            throw Refusal(.badRequest, .value, "\(name) is 1 to \(valuesMax) values, joined by commas")
        }
        for value in values { try check(name, value) }
        return values
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }

    private static func single(_ name: String, _ texts: [String]) throws(Refusal) -> String {
        guard texts.count == 1, let text = texts.first else { throw wrongForm(name) }
        try check(name, text)
        return text
    }

    private static func check(_ name: String, _ text: String) throws(Refusal) {
        guard text.isPlain(bytesMax: textBytesMax) else {
            throw Refusal(
                .badRequest, .value, "\(name) has 1 to \(textBytesMax) bytes and no control characters")
        }
    }

    private static func span(_ name: String, _ texts: [String]) throws(Refusal) -> TimeSpan {
        guard texts.count == 1, let span = texts.first.flatMap({ TimeSpan($0) }) else {
            throw Refusal(.badRequest, .value, "\(name) is a length of time such as 30m, 2h or 3d")
        }
        return span
    }

    private static func text(_ json: JSON, _ name: String) throws(Refusal) -> String {
        switch json {
        case .string(let text), .number(let text): return text
        case .null, .bool, .array, .object: throw wrongForm(name)
        }
    }

    private static func wrongForm(_ name: String) -> Refusal {
        Refusal(.badRequest, .value, "\(name) of a selection is a text, a number, or an array of these")
    }

    /// The value is not repeated: it may be anything.
    private static func unknownValue(_ name: String, _ known: [String]) -> Refusal {
        Refusal(.badRequest, .value, "a \(name) is not known; there are \(known.joined(separator: ", "))")
    }
}

extension String {
    /// Whether this is something that a person can read on one line: neither empty nor blank nor too long, and without
    /// control characters.
    func isPlain(bytesMax: Int) -> Bool {
        guard (1...bytesMax).contains(utf8.count), !allSatisfy(\.isWhitespace) else { return false }
        return unicodeScalars.allSatisfy { scalar in
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
    }
}
