import CareRecord
import Testing

@Suite("Mutated input")
struct JSONFuzzTests {
    private static let rounds = 4_000

    /// A bundle that has something of everything.
    private static let original: [UInt8] = bundle(
        "transaction",
        [
            entry(patient(), fullUrl: "urn:uuid:a", "PUT", "Patient/p1"),
            entry(
                resource(
                    id: "c1", subject: ["reference": "urn:uuid:a"],
                    [
                        ("code", ["coding": [["system": "http://snomed.info/sct", "code": "1", "display": "Zoë 😀"]]]),
                        ("onsetDateTime", "2024-02-29T10:00:00.5+01:00"), ("extra", [1, true, .null, .number("1e5")]),
                    ]), "POST", "Condition"),
            entry(nil, "DELETE", "Condition/c2"),
        ]
    ).serialized()

    @Test("never traps: it is read or refused, and what is parsed is written and parsed again the same")
    func mutations() throws {
        var random = SeededGenerator(seed: 7)
        var parsedCount = 0
        for round in 0..<Self.rounds {
            let bytes = Self.mutated(&random)
            guard let json = try? JSON.parse(bytes) else {
                #expect(Submission.read(bytes).isRefused, "round \(round)")
                continue
            }
            parsedCount += 1
            #expect(try JSON.parse(json.serialized()) == json, "round \(round)")
            let submission = Submission.read(bytes)
            for resource in submission.resources {
                #expect(try Resource(body: resource.body) == resource, "round \(round)")
            }
        }
        #expect(parsedCount > Self.rounds / 20, "the mutations leave some input whole")
    }

    @Test("a value of the wrong JSON type anywhere never traps")
    func replacedValues() throws {
        let json = try JSON.parse(Self.original)
        let values: [JSON] = [.null, true, 5, "x", [], [:], [.null], ["a": 1]]
        var random = SeededGenerator(seed: 11)
        for _ in 0..<Self.rounds {
            var changed = json
            Self.replace(&changed, with: values[random.below(values.count)], &random)
            let submission = read(changed)
            #expect(submission.isRefused || submission.items.allSatisfy { $0.operation != nil })
        }
    }

    private static func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0...random.below(3) {
            let place = random.below(bytes.count)
            switch random.below(5) {
            case 0: bytes[place] = UInt8(random.below(256))
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(Array("{}[]\",:\\0e-\u{1}".utf8)[random.below(12)], at: place)
            case 3: bytes.removeLast(random.below(bytes.count - 1))
            default:
                let end = min(bytes.count, place + random.below(20))
                bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
            }
        }
        return bytes
    }

    /// Walks down at random and replaces what it arrives at.
    private static func replace(_ json: inout JSON, with value: JSON, _ random: inout SeededGenerator) {
        switch json {
        case .object(var object) where !object.members.isEmpty && random.below(5) > 0:
            replace(&object.members[random.below(object.members.count)].value, with: value, &random)
            json = .object(object)
        case .array(var elements) where !elements.isEmpty && random.below(5) > 0:
            replace(&elements[random.below(elements.count)], with: value, &random)
            json = .array(elements)
        default: json = value
        }
    }
}
