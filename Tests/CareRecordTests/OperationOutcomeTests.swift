import CareRecord
import Testing

@Suite("Operation outcomes")
struct OperationOutcomeTests {
    private typealias Finding = OperationOutcome.Issue

    @Test("issues come out as FHIR")
    func json() {
        let outcome = OperationOutcome([
            Finding(.error, .notSupported, at: "Bundle.type", "send a batch"),
            Finding(.fatal, .structure, at: "", "broken"),
        ])
        #expect(
            outcome.json() == [
                "resourceType": "OperationOutcome",
                "issue": [
                    [
                        "severity": "error", "code": "not-supported", "diagnostics": "send a batch",
                        "expression": ["Bundle.type"],
                    ],
                    ["severity": "fatal", "code": "structure", "diagnostics": "broken"],
                ],
            ])
    }

    @Test("a hundred issues are told and the rest counted")
    func bounded() {
        var outcome = OperationOutcome()
        for index in 0..<250 { outcome.append(Finding(.warning, .value, at: "a[\(index)]", "w")) }
        #expect(!outcome.isRefusal)
        let issues = outcome.json()["issue"]?.elements ?? []
        #expect(issues.count == 101)
        #expect(issues.last?["diagnostics"] == "… and 150 more issues")
    }

    @Test("an error is never crowded out by warnings")
    func errorsFirst() {
        var outcome = OperationOutcome()
        for _ in 0..<150 { outcome.append(Finding(.warning, .value, at: "", "w")) }
        outcome.append(Finding(.error, .value, at: "b", "e"))
        #expect(outcome.isRefusal)
        #expect(outcome.issues.count == 100 && outcome.issues.contains { $0.severity == .error })
        var whole = OperationOutcome()
        whole.append(contentsOf: outcome)
        #expect(whole.isRefusal && whole.omittedCount == outcome.omittedCount)
    }

    @Test("a resource with very many mistakes is refused with a bounded outcome")
    func manyMistakes() {
        let identifiers = (0..<1_000).map { _ in nhsIdentifier("1") }
        let submission = read(patient(identifiers: identifiers))
        #expect(submission.isRefused)
        #expect(submission.outcome.issues.count == OperationOutcome.issuesMax)
        #expect(submission.outcome.omittedCount == 900)
    }

    @Test("nothing found is said too, as FHIR wants an issue")
    func nothing() {
        #expect(OperationOutcome().json()["issue"]?.elements?.count == 1)
    }
}
