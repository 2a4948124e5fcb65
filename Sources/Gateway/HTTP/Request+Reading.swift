import CareRecord
import HTTPTypes
import Hummingbird

extension Request {
    /// A whole number among the parameters, or `usual` where it is not given.
    func number(_ name: String, in range: ClosedRange<Int>, usual: Int) throws(Refusal) -> Int {
        guard let text = uri.queryParameters[name[...]] else { return usual }
        guard let number = Int(text), range.contains(number) else {
            throw Refusal(
                .badRequest, .value, "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Refuses parameters that are not among the known.
    func checkParameters(_ known: [String]) throws(Refusal) {
        for (name, _) in uri.queryParameters where !known.contains(String(name)) {
            throw Refusal.unknown("parameter", String(name), known)
        }
    }

    /// Refuses a body that says it is something else; one that does not say is read.
    func checkContentType(_ accepted: [String]) throws(Refusal) {
        guard let text = headers[.contentType] else { return }
        let type = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        guard accepted.contains(type) else {
            throw Refusal(.unsupportedMediaType, .notSupported, "send \(accepted[0]) as the Content-Type")
        }
    }
}

extension Refusal {
    private static let nameCharactersMax = 40

    /// A name that is none of those that there are.
    static func unknown(_ what: String, _ name: String, _ known: [String]) -> Refusal {
        let shown = name.prefix(nameCharactersMax)
        let list = known.isEmpty ? "there are none" : "there are \(known.joined(separator: ", "))"
        return Refusal(.badRequest, .notSupported, "not known as a \(what): \(shown); \(list)")
    }
}
