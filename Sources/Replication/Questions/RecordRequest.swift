package import CareRecord

/// What is asked of an HIE about one patient: the resources themselves (design §1, query).
package struct RecordRequest: Sendable, Hashable {
    package static let limitMax = 10_000

    package let patient: NHSNumber
    /// `nil` for everything that the HIE holds, types that no index knows included.
    package let categories: Set<Category>?
    /// Only what was stored at or after this moment of the answering HIE's clock.
    package let since: Timestamp?
    /// At most so many resources of one HIE, 1 to ``limitMax``; the newest first.
    package let limit: Int
    package let requester: Requester

    package init(
        patient: NHSNumber, categories: Set<Category>? = nil, since: Timestamp? = nil, limit: Int = limitMax,
        requester: Requester
    ) {
        self.patient = patient
        self.categories = categories
        self.since = since
        self.limit = min(max(1, limit), Self.limitMax)
        self.requester = requester
    }
}

/// Who reads a patient's record and what for, as both ends write it down (promise P8).
package struct Requester: Sendable, Hashable {
    package static let textMaxBytes = 200
    /// Where the one who asks does not say.
    package static let notStated = "not stated"

    package let person: String
    package let role: String
    package let organisation: String
    package let purpose: String

    /// `nil` where a text is empty, or longer than ``textMaxBytes`` bytes, or has control characters in it.
    package init?(person: String, role: String, organisation: String, purpose: String) {
        let isSound = [person, role, organisation, purpose].allSatisfy { text in
            (1...Self.textMaxBytes).contains(text.utf8.count)
                && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        }
        guard isSound else { return nil }
        self.person = person
        self.role = role
        self.organisation = organisation
        self.purpose = purpose
    }
}

extension RecordRequest {
    func write(to json: inout JSONWriter) {
        json.member("patient", patient.text)
        if let categories {
            json.array("categories") { json in
                for category in Category.allCases where categories.contains(category) {
                    json.element(category.rawValue)
                }
            }
        }
        json.member("since", since?.text)
        json.member("limit", limit)
        json.object("requester") { json in
            json.member("person", requester.person)
            json.member("role", requester.role)
            json.member("organisation", requester.organisation)
            json.member("purpose", requester.purpose)
        }
    }

    init(_ json: JSON) throws(Rejection) {
        guard let patient = json["patient"]?.text.flatMap({ NHSNumber($0) }) else {
            throw Rejection(.nhsNumberInvalid, "member patient must be a valid NHS number")
        }
        let since = json["since"]?.text.flatMap { Timestamp(text: $0) }
        guard json["since"] == nil || since != nil else {
            throw Rejection(.schema, "member since must be a moment such as 2026-11-22T17:03:05.123Z")
        }
        guard let limit = json["limit"]?.integer, limit > 0 else {
            throw Rejection(.schema, "member limit must be an integer above 0")
        }
        self.init(
            patient: patient, categories: try Self.categories(json["categories"]), since: since,
            limit: Int(min(limit, Int64(Self.limitMax))), requester: try Self.requester(json["requester"]))
    }

    private static func categories(_ json: JSON?) throws(Rejection) -> Set<Category>? {
        guard let json else { return nil }
        let names = json.elements?.map { $0.text.flatMap(Category.init(rawValue:)) } ?? []
        guard !names.isEmpty, !names.contains(nil) else {
            let known = Category.allCases.map(\.rawValue).joined(separator: ", ")
            throw Rejection(.schema, "member categories must be a list of these: \(known)")
        }
        return Set(names.compactMap(\.self))
    }

    private static func requester(_ json: JSON?) throws(Rejection) -> Requester {
        func text(_ name: String) -> String { json?[name]?.text ?? "" }
        guard
            let requester = Requester(
                person: text("person"), role: text("role"), organisation: text("organisation"),
                purpose: text("purpose"))
        else {
            throw Rejection(
                .schema,
                "member requester must have person, role, organisation and purpose, each of 1 to "
                    + "\(Requester.textMaxBytes) bytes")
        }
        return requester
    }
}
