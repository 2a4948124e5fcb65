import CareRecord
import Testing

extension JSON: CustomTestStringConvertible {
    package var testDescription: String { String(decoding: serialized(), as: UTF8.self) }
}

/// A valid number of the test range.
let someNumber = "9990000018"
let otherNumber = "9990000026"

func nhsIdentifier(_ value: JSON, use: String? = nil) -> JSON {
    var identifier = JSONObject()
    identifier["use"] = use.map(JSON.string)
    identifier["system"] = .string(NHSNumber.system)
    identifier["value"] = value
    return .object(identifier)
}

func patient(id: String? = "p1", identifiers: [JSON] = [nhsIdentifier(.string(someNumber))]) -> JSON {
    var patient = JSONObject()
    patient["resourceType"] = "Patient"
    patient["id"] = id.map(JSON.string)
    if !identifiers.isEmpty { patient["identifier"] = .array(identifiers) }
    return .object(patient)
}

/// A resource of a type whose patient is its `subject`.
func resource(
    _ type: String = "Condition", id: String? = "c1", subject: JSON? = ["reference": "Patient/p1"],
    _ members: [(String, JSON)] = []
) -> JSON {
    var resource = JSONObject()
    resource["resourceType"] = .string(type)
    resource["id"] = id.map(JSON.string)
    resource["subject"] = subject
    for (name, value) in members { resource[name] = value }
    return .object(resource)
}

/// A condition of the patient with more members.
func resource(_ members: [(String, JSON)]) -> JSON {
    resource("Condition", members)
}

func entry(_ resource: JSON?, fullUrl: String? = nil, _ method: String? = nil, _ url: String? = nil) -> JSON {
    var entry = JSONObject()
    entry["fullUrl"] = fullUrl.map(JSON.string)
    entry["resource"] = resource
    if let method {
        entry["request"] = url.map { ["method": .string(method), "url": .string($0)] } ?? ["method": .string(method)]
    }
    return .object(entry)
}

func bundle(_ type: JSON, _ entries: [JSON]) -> JSON {
    ["resourceType": "Bundle", "type": type, "entry": .array(entries)]
}

func read(_ json: JSON, limits: FHIRLimits = FHIRLimits()) -> Submission {
    Submission.read(json.serialized(), limits: limits)
}

extension Submission {
    var resources: [Resource] {
        operations.compactMap { operation in
            guard case .put(let resource) = operation else { return nil }
            return resource
        }
    }

    /// Severity, code and place of every issue, which is what clients rely on.
    var findings: [String] {
        outcome.issues.map { "\($0.severity) \($0.code.rawValue) \($0.expression)" }
    }
}

/// The one resource of a submission that is not refused.
func accepted(_ json: JSON) throws -> Resource {
    let submission = read(json)
    #expect(!submission.isRefused, "\(submission.outcome)")
    return try #require(submission.resources.first)
}

/// A small generator of ours (splitmix64), so that a seed replays.
struct SeededGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func below(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return Int((value ^ value >> 31) % UInt64(bound))
    }
}
