import CareRecord
import Replication
import Storage
import Topology

/// Which letters are meant, as the worker's HTTP takes it: names and texts, checked.
struct LetterSelection: Sendable, Hashable {
    /// Why a text is none of the values that there are.
    struct Invalid: Error, Hashable {
        let option: String
        let reason: String
    }

    enum Name: String, CaseIterable, Sendable {
        case state, cause, source, type, queue, id, olderThan, newerThan, search

        /// As it is typed.
        var option: String {
            switch self {
            case .olderThan: "--older-than"
            case .newerThan: "--newer-than"
            case .state, .cause, .source, .type, .queue, .id, .search: "--\(rawValue)"
            }
        }

        fileprivate var isList: Bool {
            switch self {
            case .state, .cause, .source, .type, .id: true
            case .queue, .olderThan, .newerThan, .search: false
            }
        }

        fileprivate var words: String {
            switch self {
            case .olderThan: "older than"
            case .newerThan: "newer than"
            case .search: "text"
            case .state, .cause, .source, .type, .queue, .id: rawValue
            }
        }
    }

    /// They are part of an address, whose length servers limit.
    static let idsMax = 2000
    static let textBytesMax = 1000

    /// In the order of the names; nothing of a name that was not given.
    private(set) var values: [Name: String] = [:]

    init() {}

    init(_ given: [Name: String]) throws(Invalid) {
        for name in Name.allCases {
            guard let text = given[name] else { continue }
            let parts = name.isList ? text.split(separator: ",", omittingEmptySubsequences: false) : [text[...]]
            for part in parts { try Self.check(name, String(part)) }
            guard parts.count <= Self.idsMax else {
                throw Invalid(option: name.option, reason: "at most \(Self.idsMax) are taken at once")
            }
            values[name] = text
        }
    }

    var isEmpty: Bool { values.isEmpty }

    subscript(_ name: Name) -> String? { values[name] }

    /// The same letters in this state, unless they are chosen by state already.
    func inState(_ state: LetterState) -> LetterSelection {
        var selection = self
        if selection.values[.state] == nil { selection.values[.state] = state.rawValue }
        return selection
    }

    /// The same choice of letters that are in another state now.
    func moved(to state: LetterState) -> LetterSelection {
        var selection = self
        selection.values[.state] = state.rawValue
        return selection
    }

    /// With an ampersand between the parts, and no question mark.
    func query(_ more: [(name: String, value: String)] = []) -> String {
        let own = ordered.map { name, text in
            let parts =
                name.isList ? text.split(separator: ",").map { String($0).percentEncoded } : [text.percentEncoded]
            return "\(name.rawValue)=\(parts.joined(separator: ","))"
        }
        return (own + more.map { "\($0.name)=\($0.value.percentEncoded)" }).joined(separator: "&")
    }

    /// The object of a body: the same names and texts.
    var json: JSON {
        .object(JSONObject(ordered.map { JSONObject.Member(name: $0.rawValue, value: .string($1)) }))
    }

    /// `cause schema or undecodable, source barts, older than 3d`; empty where all that is parked is meant.
    var words: String {
        ordered.map { name, text in
            let text = name.isList ? text.split(separator: ",").joined(separator: " or ") : text
            return Table.Cell("\(name.words) \(text)").text
        }.joined(separator: ", ")
    }

    /// As it is typed: `--cause schema --source barts`.
    var arguments: [String] { ordered.flatMap { [$0.option, $1] } }

    private var ordered: [(Name, String)] { Name.allCases.compactMap { name in values[name].map { (name, $0) } } }

    private static func check(_ name: Name, _ part: String) throws(Invalid) {
        func known(_ what: String, _ all: [String]) throws(Invalid) {
            guard !all.contains(part) else { return }
            throw Invalid(
                option: name.option, reason: "there is no \(what) \(part); there are \(all.joined(separator: ", "))")
        }
        switch name {
        case .state: try known("state", LetterState.allCases.map(\.rawValue) + ["all"])
        case .cause: try known("cause", Rejection.Cause.allCases.map(\.rawValue))
        case .source:
            guard part == "unknown" || HIEIdentifier(part) != nil else {
                throw Invalid(option: name.option, reason: "\(part) is no id of an HIE, such as barts, nor unknown")
            }
        case .id:
            guard let number = Int64(part), number > 0 else {
                throw Invalid(option: name.option, reason: "\(part) is no number of a letter, such as 4711")
            }
        case .olderThan, .newerThan:
            guard TimeSpan(part) != nil else {
                throw Invalid(option: name.option, reason: "\(part) is no length of time, such as 2h or 3d")
            }
        case .type, .queue, .search:
            guard OperatorOptions.isFit(part, bytesMax: textBytesMax) else {
                throw Invalid(
                    option: name.option,
                    reason: "it takes 1 to \(textBytesMax) bytes without control characters")
            }
        }
    }
}
