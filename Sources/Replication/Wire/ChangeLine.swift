package import CareRecord

/// One change as a line of `application/x-ndjson`:
/// `{"seq":7,"op":"put","patient":"9990000018","resource":"Condition/c1","category":"condition", …}`.
///
/// `content` is the line without its number, from the `"op"` on: the journal stores it, so that a batch is put
/// together without encoding anything again.
package enum ChangeLine {
    package static let lengthMaxBytes = 65_536

    private static let put = "put"
    private static let withdraw = "withdraw"

    package static func content(_ key: EntryKey, _ effect: Change.Effect) -> [UInt8] {
        var writer = JSONWriter(capacity: 320)
        writer.object { line in
            switch effect {
            case .put(let facts):
                line.member("op", put)
                write(key, to: &line)
                write(facts, to: &line)
            case .withdraw:
                line.member("op", withdraw)
                write(key, to: &line)
            }
        }
        return Array(writer.bytes.dropFirst())
    }

    /// Appends the line of the change with this number, its line feed included.
    package static func append(seq: Int64, content: UnsafeRawBufferPointer, to body: inout [UInt8]) {
        body.append(contentsOf: #"{"seq":"#.utf8)
        body.append(contentsOf: String(seq).utf8)
        body.append(UInt8(ascii: ","))
        body.append(contentsOf: content)
        body.append(UInt8(ascii: "\n"))
    }

    /// Reads one line; the rejection names the member at fault, never its value.
    package static func read(_ line: ArraySlice<UInt8>) throws(Rejection) -> Change {
        guard line.count <= lengthMaxBytes else {
            throw Rejection(.schema, "a change of \(line.count) bytes: at most \(lengthMaxBytes) are accepted")
        }
        if let change = line.withUnsafeBytes(ChangeLineScanner.read) { return change }
        return try readGenerally(line)
    }

    /// The same for lines written in any way that JSON allows.
    static func readGenerally(_ line: ArraySlice<UInt8>) throws(Rejection) -> Change {
        let json: JSON
        do {
            json = try JSON.parse(line)
        } catch {
            throw Rejection(.undecodable, "a change that is not JSON: \(error)")
        }
        return try read(json)
    }

    private static func read(_ json: JSON) throws(Rejection) -> Change {
        guard let object = json.object else { throw Rejection(.schema, "a change must be an object, not \(json.kind)") }
        let line = Members(object)
        guard let seq = object["seq"]?.integer, seq > 0 else {
            throw Rejection(.schema, "member seq of a change must be a positive integer")
        }
        guard let resource = ResourceKey(reference: try line.text("resource")) else {
            throw Rejection(.schema, "member resource of change \(seq) must be Type/id")
        }
        guard let patient = NHSNumber(try line.text("patient")) else {
            throw Rejection(.nhsNumberInvalid, "member patient of change \(seq) is not a valid NHS number")
        }
        let key = EntryKey(patient: patient, resource: resource)
        switch try line.text("op") {
        case put: return Change(seq: seq, key: key, effect: .put(try facts(line, seq: seq)))
        case withdraw: return Change(seq: seq, key: key, effect: .withdraw)
        default: throw Rejection(.schema, "member op of change \(seq) must be put or withdraw")
        }
    }

    private static func write(_ key: EntryKey, to line: inout JSONWriter) {
        line.member("patient", key.patient.text)
        line.member("resource", key.resource.reference)
    }

    private static func write(_ facts: Facts, to line: inout JSONWriter) {
        line.member("category", facts.category.rawValue)
        line.member("code", facts.code)
        line.member("system", facts.system)
        line.member("display", facts.display)
        line.member("status", facts.status)
        line.member("date", facts.date)
        if let demographics = facts.demographics { line.object("demographics") { $0.write(demographics) } }
    }

    private static func facts(_ line: Members, seq: Int64) throws(Rejection) -> Facts {
        guard let category = Category(rawValue: try line.text("category")) else {
            throw Rejection(.schema, "member category of change \(seq) is not one of the contract's")
        }
        return Facts(
            category: category, code: try line.optionalText("code"), system: try line.optionalText("system"),
            display: try line.optionalText("display"), status: try line.optionalText("status"),
            date: try line.optionalText("date"), demographics: try Demographics(line.object["demographics"]))
    }
}

/// The members of an object of which the types are checked as they are read.
private struct Members {
    let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    func text(_ name: String) throws(Rejection) -> String {
        guard let text = try optionalText(name) else {
            throw Rejection(.schema, "member \(name) of a change is missing")
        }
        return text
    }

    func optionalText(_ name: String) throws(Rejection) -> String? {
        guard let value = object[name], value != .null else { return nil }
        guard let text = value.text else {
            throw Rejection(.schema, "member \(name) of a change must be a string, not \(value.kind)")
        }
        return text
    }
}

extension JSONWriter {
    /// The members of `demographics`, within an object that the caller has opened.
    package mutating func write(_ demographics: Demographics) {
        member("family", demographics.family)
        if !demographics.given.isEmpty {
            array("given") { for name in demographics.given { $0.element(name) } }
        }
        member("birthDate", demographics.birthDate)
        member("gender", demographics.gender)
        member("postalCode", demographics.postalCode)
        member("deceased", demographics.deceased)
    }
}

extension Demographics {
    /// Reads what `JSONWriter.write(_:)` wrote; `nil` for `nil` or null.
    package init?(_ json: JSON?) throws(Rejection) {
        guard let json, json != .null else { return nil }
        guard let object = json.object else {
            throw Rejection(.schema, "member demographics of a change must be an object, not \(json.kind)")
        }
        let line = Members(object)
        let given = object["given"] ?? []
        guard let names = given.elements?.map(\.text), !names.contains(nil) else {
            throw Rejection(.schema, "member given of a change must be a list of strings")
        }
        self.init(
            family: try line.optionalText("family"), given: names.compactMap(\.self),
            birthDate: try line.optionalText("birthDate"), gender: try line.optionalText("gender"),
            postalCode: try line.optionalText("postalCode"), deceased: try line.optionalText("deceased"))
    }
}
