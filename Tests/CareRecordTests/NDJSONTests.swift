import CareRecord
import Testing

@Suite("NDJSON")
struct NDJSONTests {
    private func items(_ text: String, chunk: Int, limits: FHIRLimits = FHIRLimits()) -> [Submission.Item] {
        var reader = NDJSONReader(limits: limits)
        let bytes = Array(text.utf8)
        var items: [Submission.Item] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            items += reader.read(bytes[start..<min(start + chunk, bytes.count)])
        }
        return items + reader.finish()
    }

    private func findings(_ items: [Submission.Item]) -> [String] {
        Submission(kind: .batch, items: items, issues: []).outcome.issues.map(\.description)
    }

    @Test("lines are read the same however they are cut into chunks", arguments: [1, 2, 7, 64, 10_000])
    func chunks(chunk: Int) {
        let lines = [patient(), resource(), resource(id: "c2")].map { String(decoding: $0.serialized(), as: UTF8.self) }
        let text = lines[0] + "\n\n" + lines[1] + "\r\n \t\r\n" + lines[2]
        for ending in ["", "\n"] {
            let items = items(text + ending, chunk: chunk)
            #expect(items.map(\.index) == [1, 3, 5])
            #expect(items.compactMap(\.operation?.key.reference) == ["Patient/p1", "Condition/c1", "Condition/c2"])
        }
    }

    @Test("a bad line fails alone and names its number", arguments: [1, 1_000])
    func badLines(chunk: Int) {
        let good = String(decoding: resource().serialized(), as: UTF8.self)
        let bad =
            #"{"resourceType":"Condition","id":"x","subject":{"reference":"Patient/p"},"onsetDateTime":"2023-02-30"}"#
        let items = items("{\n" + good + "\n" + bad + "\n[]\n{\"resourceType\":\"Bundle\"}\n", chunk: chunk)
        #expect(items.map { $0.operation != nil } == [false, true, false, false, false])
        let findings = findings(items)
        #expect(findings.count == 4)
        #expect(findings[0] == "fatal: not valid JSON: line 1, column 2: the input ends too early")
        #expect(findings[1].hasPrefix("error at Condition.onsetDateTime: line 3: not a FHIR date"))
        #expect(findings[3].hasPrefix("error at Bundle: line 5: a bundle"))
    }

    @Test("a line beyond the limit is dropped, reported once, and the next is read", arguments: [1, 5, 1_000])
    func longLines(chunk: Int) {
        let line = String(decoding: resource().serialized(), as: UTF8.self)
        var limits = FHIRLimits()
        limits.lineBytesMax = line.utf8.count
        let items = items(line + "\n" + line + " \n" + line + "\n", chunk: chunk, limits: limits)
        #expect(items.map { $0.operation != nil } == [true, false, true])
        #expect(findings(items) == ["error: line 2: longer than \(line.utf8.count) bytes"])
    }

    @Test("nothing gives nothing")
    func empty() {
        #expect(items("", chunk: 1).isEmpty)
        #expect(items("\n\n", chunk: 1).isEmpty)
    }
}
