import CareRecord
import HTTPTypes
import Hummingbird
import Replication
import Worker

extension Query {
    private static let names: Set<Substring> = ["categories", "deadline", "peerDeadline", "since", "limit"]

    /// Reads what `GET …/record` asks for: `categories`, `deadline`, `peerDeadline`, `since`, `limit`, and the headers
    /// that say who asks.
    init(_ request: Request, of patient: NHSNumber) throws(Refusal) {
        let parameters = request.uri.queryParameters
        guard parameters.allSatisfy({ Self.names.contains($0.key) }) else {
            throw Refusal(
                .badRequest, .notSupported,
                "a parameter is not known; there are \(Self.names.sorted().joined(separator: ", "))")
        }
        let deadline = try Self.span("deadline", parameters["deadline"]) ?? Self.deadlineMillisecondsUsual
        self.init(
            RecordRequest(
                patient: patient, categories: try Category.set(requested: parameters["categories"]),
                since: try Self.since(parameters["since"], named: "since"), limit: try Self.limit(parameters["limit"]),
                requester: try Requester(request)),
            deadlineMilliseconds: deadline,
            peerDeadlineMilliseconds: try Self.span("peerDeadline", parameters["peerDeadline"]))
    }

    /// A length of time within what a query may take, in milliseconds.
    static func span(_ name: String, _ text: Substring?) throws(Refusal) -> Int64? {
        guard let text else { return nil }
        guard let span = TimeSpan(text), span.milliseconds <= deadlineMillisecondsMax else {
            throw Refusal(
                .badRequest, .value,
                "\(name) is a length of time such as 500ms or 2s, above 0 and at most "
                    + "\(TimeSpan(milliseconds: deadlineMillisecondsMax))")
        }
        return span.milliseconds
    }

    /// A day, which begins at midnight UTC, or a moment.
    static func since(_ text: Substring?, named name: String) throws(Refusal) -> Timestamp? {
        guard let text else { return nil }
        guard let moment = Timestamp(text: text) ?? Timestamp(text: "\(text)T00:00:00.000Z") else {
            throw Refusal(
                .badRequest, .value, "\(name) is a day or a moment such as 2026-11-22 or 2026-11-22T17:03:05.123Z")
        }
        return moment
    }

    private static func limit(_ text: Substring?) throws(Refusal) -> Int {
        guard let text else { return RecordRequest.limitMax }
        guard let limit = Int(text), (1...RecordRequest.limitMax).contains(limit) else {
            throw Refusal(
                .badRequest, .value, "limit is a number of resources, 1 to \(RecordRequest.limitMax)")
        }
        return limit
    }
}

extension Requester {
    /// What the request's headers say of who asks; what they do not say is ``notStated``.
    init(_ request: Request) throws(Refusal) {
        func text(_ name: HTTPField.Name) -> String { request.headers[name] ?? Self.notStated }
        guard
            let requester = Requester(
                person: text(.wherryPerson), role: text(.wherryRole), organisation: text(.wherryOrganisation),
                purpose: text(.wherryPurpose))
        else {
            throw Refusal(
                .badRequest, .value,
                "Wherry-Person, Wherry-Role, Wherry-Organisation and Wherry-Purpose have 1 to \(Self.textMaxBytes) "
                    + "bytes each")
        }
        self = requester
    }
}

extension HTTPField.Name {
    static let wherryPerson = HTTPField.Name("Wherry-Person")!  // a well-formed constant
    static let wherryRole = HTTPField.Name("Wherry-Role")!  // a well-formed constant
    static let wherryOrganisation = HTTPField.Name("Wherry-Organisation")!  // a well-formed constant
    static let wherryPurpose = HTTPField.Name("Wherry-Purpose")!  // a well-formed constant
}

extension Category {
    /// Reads names joined by commas; `nil`, which is all, where nothing is named.
    static func set(requested text: Substring?) throws(Refusal) -> Set<Category>? {
        guard let text, !text.isEmpty else { return nil }
        var categories: Set<Category> = []
        // Between two commas there is a name: a list of none would be a question for nothing.
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let category = Category(rawValue: String(name)) else {
                let known = Category.allCases.map(\.rawValue).joined(separator: ", ")
                throw Refusal(.badRequest, .value, "a category is not known; there are \(known)")
            }
            categories.insert(category)
        }
        return categories
    }
}
