import CareRecord
import Hummingbird

/// The JSON object in which an operator says what is to be done, by whom and why.
struct ActBody: Sendable {
    /// Of a name and of a reason.
    static let textBytesMax = 200
    static let bytesMax = 1 << 20

    private let object: JSONObject

    /// Refuses what is not an object, and members that are not among the known.
    init(_ bytes: [UInt8], knowing names: [String]) throws(Refusal) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON.parse(bytes)
        } catch {
            throw Refusal(.badRequest, .structure, "the body is not JSON: \(error)")
        }
        guard let object = json.object else {
            throw Refusal(.badRequest, .structure, "the body is \(json.kind): send an object")
        }
        for member in object.members where !names.contains(member.name) {
            throw Refusal.unknown("member", member.name, names)
        }
        self.object = object
    }

    /// `nil` where it is missing or null.
    subscript(_ name: String) -> JSON? {
        guard let value = object[name], value != .null else { return nil }
        return value
    }

    func isGiven(_ name: String) -> Bool { object[name] != nil }

    /// Who acts.
    func by() throws(Refusal) -> String { try required("by", "who does this") }

    /// Why, in the operator's words.
    func reason() throws(Refusal) -> String { try required("reason", "why this is done") }

    /// A text on one line; `nil` where it is missing.
    func line(_ name: String, bytesMax: Int = textBytesMax) throws(Refusal) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.text, text.isPlain(bytesMax: bytesMax) else {
            throw Refusal(
                .badRequest, .value, "\(name) is a text of 1 to \(bytesMax) bytes without control characters")
        }
        return text
    }

    /// Any text; `nil` where it is missing.
    func text(_ name: String) throws(Refusal) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.text else {
            throw Refusal(.badRequest, .value, "\(name) is a text, and here \(value.kind)")
        }
        return text
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws(Refusal) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.integer.flatMap({ Int(exactly: $0) }), range.contains(number) else {
            throw Refusal(
                .badRequest, .value, "\(name) is a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func count() throws(Refusal) -> Int {
        guard let count = try number("count", in: 0...Int(Int32.max)) else {
            throw Refusal(.badRequest, .required, "count is missing: how many letters the selection finds")
        }
        return count
    }

    private func required(_ name: String, _ what: String) throws(Refusal) -> String {
        guard let text = try line(name) else {
            throw Refusal(.badRequest, .required, "\(name) is missing: \(what)")
        }
        return text
    }
}
