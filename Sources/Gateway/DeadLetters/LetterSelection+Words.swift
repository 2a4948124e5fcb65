import CareRecord
import Replication
import Storage

extension LetterSelection {
    private static let idsShownMax = 10
    /// A text with as many digits may be part of an NHS number.
    private static let digitsHiddenMin = 5

    /// In words, as a plan keeps it and a report prints it. A number that is searched for may be a patient's: it is not
    /// repeated.
    var words: String {
        var parts = [filter.states.isEmpty ? "any state" : Self.list(filter.states.map(\.rawValue))]
        if !filter.causes.isEmpty { parts.append("cause \(Self.list(filter.causes.map(\.rawValue)))") }
        if !filter.sources.isEmpty { parts.append("source \(Self.list(filter.sources.map(\.word)))") }
        if !filter.types.isEmpty { parts.append("type \(Self.list(Array(filter.types)))") }
        if let queue = filter.queue { parts.append("queue \(queue)") }
        if !filter.ids.isEmpty { parts.append(idWords) }
        if let span = filter.olderThan { parts.append("first seen \(span.words) ago or longer") }
        if let span = filter.newerThan { parts.append("first seen less than \(span.words) ago") }
        if let search = filter.search {
            let isNumber = search.count(where: \.isNumber) >= Self.digitsHiddenMin
            parts.append(isNumber ? "with a number that is not repeated here" : "with the text \"\(search)\"")
        }
        return parts == [LetterState.parked.rawValue] ? "all that is parked" : parts.joined(separator: "; ")
    }

    private var idWords: String {
        let shown = filter.ids.prefix(Self.idsShownMax).map { String($0) }.joined(separator: ", ")
        let restCount = filter.ids.count - Self.idsShownMax
        return "letters \(shown)\(restCount > 0 ? " and \(restCount) more" : "")"
    }

    private static func list(_ words: [String]) -> String { words.sorted().joined(separator: " or ") }
}

extension LetterFilter.Source {
    var word: String {
        switch self {
        case .hie(let hie): hie.text
        case .unknown: LetterSelection.unknownSource
        }
    }
}

extension TimeSpan {
    /// In the largest unit that it is a whole number of: `36h`, `3d`.
    var words: String {
        let units: [(suffix: String, milliseconds: Int64)] = [
            ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ]
        guard let unit = units.first(where: { milliseconds.isMultiple(of: $0.milliseconds) }) else {
            return "\(milliseconds)ms"
        }
        return "\(milliseconds / unit.milliseconds)\(unit.suffix)"
    }
}
