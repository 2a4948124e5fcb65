import CareRecord
import HTTPTypes
import Hummingbird
import Topology

/// What a search or an operation was asked with, from the query and from a form. Only parameters that it knows.
struct SearchRequest: Sendable {
    struct Value: Sendable {
        let parameter: SearchParameter
        let modifier: String?
        let text: String

        /// The alternatives that commas separate (FHIR R4, search, combining).
        var alternatives: [String] { text.unescapedSplit(",") }
    }

    static let parametersMax = 64
    static let valueBytesMax = 2000
    static let alternativesMax = 50
    static let formBytesMax = 64 << 10

    let base: FHIRAddress
    let values: [Value]

    /// Refuses parameters and modifiers that are not among the known, and a format that is not JSON.
    init(_ request: Request, form: [UInt8]? = nil, knowing known: [SearchParameter]) throws(Refusal) {
        base = FHIRAddress(request)
        var pairs = try Self.pairs(of: request.uri.query ?? "")
        if let form { pairs += try Self.pairs(of: String(decoding: form, as: UTF8.self)) }
        guard pairs.count <= Self.parametersMax else {
            throw Refusal(.badRequest, .tooCostly, "more than \(Self.parametersMax) parameters: send fewer")
        }
        let byName = Dictionary(uniqueKeysWithValues: (known + [.format, .pretty]).map { ($0.name, $0) })
        var values: [Value] = []
        for (name, text) in pairs { values.append(try Self.value(name, text, byName)) }
        for parameter in known where values.count(where: { $0.parameter.name == parameter.name }) > parameter.timesMax {
            throw Refusal(.badRequest, .invalid, "\(parameter.name) may be given once: send it once")
        }
        self.values = values
        try Self.checkFormat(values.filter { $0.parameter.name == "_format" }.map(\.text), request)
    }

    /// In the order in which they came.
    func values(_ name: String) -> [Value] { values.filter { $0.parameter.name == name } }

    func first(_ name: String) -> String? { values.first { $0.parameter.name == name }?.text }

    /// What `_count` and `_page` say.
    func page() throws(Refusal) -> Page {
        var count = Page.countDefault
        if let text = first("_count") {
            guard let number = Int(text), (1...Page.countMax).contains(number) else {
                throw Refusal(.badRequest, .value, "_count is a number from 1 to \(Page.countMax)")
            }
            count = number
        }
        guard let text = first("_page") else { return Page(count: count, token: nil) }
        guard let token = PageToken(text) else { throw Self.badPage }
        return Page(count: count, token: token)
    }

    static let badPage = Refusal(
        .badRequest, .value, "_page is not as a link had it: follow the links, or begin with the first page")

    /// The search as a link, with another place to begin.
    func link(_ path: String, page token: PageToken?) -> String {
        var parts = values.filter { $0.parameter.name != "_page" }.map { value in
            let name = value.parameter.name + (value.modifier.map { ":\($0)" } ?? "")
            return "\(name)=\(value.text.percentEncoded)"
        }
        if let token { parts.append("_page=\(token.text)") }
        return base.url(path) + (parts.isEmpty ? "" : "?" + parts.joined(separator: "&"))
    }

    private static func value(
        _ name: String, _ text: String, _ known: [String: SearchParameter]
    ) throws(Refusal) -> Value {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let parameter = known[String(parts[0])] else {
            let names = known.keys.sorted().joined(separator: ", ")
            throw Refusal(
                .badRequest, .notSupported, "not supported as a parameter: \(name.prefix(40)); there are \(names)")
        }
        let modifier = parts.count > 1 ? String(parts[1]) : nil
        if let modifier, !parameter.modifiers.contains(modifier) {
            throw Refusal(
                .badRequest, .notSupported,
                "\(parameter.name) is not supported with the modifier \(modifier.prefix(40)): send it without")
        }
        guard !text.isEmpty else {
            throw Refusal(.badRequest, .value, "\(parameter.name) has no value: send one, or leave it out")
        }
        guard text.utf8.count <= valueBytesMax else {
            throw Refusal(.badRequest, .tooLong, "\(parameter.name) is longer than \(valueBytesMax) bytes")
        }
        let value = Value(parameter: parameter, modifier: modifier, text: text)
        guard value.alternatives.count <= alternativesMax else {
            throw Refusal(
                .badRequest, .tooCostly, "\(parameter.name) has more than \(alternativesMax) values: send fewer at once"
            )
        }
        return value
    }

    /// `application/x-www-form-urlencoded`: a plus sign is a space.
    private static func pairs(of text: String) throws(Refusal) -> [(String, String)] {
        var pairs: [(String, String)] = []
        for part in text.split(separator: "&") {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = plain(sides[0])
            guard let name, let value = plain(sides.count > 1 ? sides[1] : "") else {
                throw Refusal(
                    .badRequest, .value, "the parameters are not percent-encoded UTF-8: encode them as a form")
            }
            pairs.append((name, value))
        }
        return pairs
    }

    private static func plain(_ text: Substring) -> String? {
        String(text.map { $0 == "+" ? " " : $0 }).percentDecoded
    }

    private static let formats: Set<String> = ["json", "application/json", "application/fhir+json", "text/json"]

    private static func checkFormat(_ formats: [String], _ request: Request) throws(Refusal) {
        func isJSON(_ text: some StringProtocol) -> Bool {
            let type = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
            return Self.formats.contains(type) || type == "*/*" || type == "application/*"
        }
        let wanted = formats.isEmpty ? request.headers[values: .accept].flatMap { $0.split(separator: ",") } : []
        guard formats.allSatisfy(isJSON), wanted.isEmpty || wanted.contains(where: isJSON) else {
            throw Refusal(.notAcceptable, .notSupported, "only JSON is sent: ask for application/fhir+json")
        }
    }
}

extension String {
    /// The parts between separators that no backslash stands before, without those backslashes (FHIR R4, search,
    /// escaping).
    func unescapedSplit(_ separator: Character) -> [String] {
        var parts = [""]
        var isEscaped = false
        for character in self {
            if isEscaped {
                if !"\\,|$".contains(character) { parts[parts.count - 1].append("\\") }
                parts[parts.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == separator {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        if isEscaped { parts[parts.count - 1].append("\\") }
        return parts
    }
}
