import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing

/// The gateway's FHIR, read by clients that are not ours.
@Suite("FHIR as others read it") struct FHIRClientTests {
    static let types = Category.allCases.filter { $0 != .demographics }.flatMap(\.types)

    @Test("a Python client's searches, cross-references and summaries are valid R4, to the last code")
    func client() async throws {
        try await RunningGateway.with { gateway async throws in
            try await Self.fill(gateway)
            let said = try await Subprocess.run(
                packageDirectory + "/.build-python/bin/python",
                [
                    packageDirectory + "/Tests/GatewayTests/fhir_client.py", gateway.url + "/fhir", Samples.number,
                    "homerton.h1",
                ] + Self.types)
            #expect(said.hasSuffix("answers: ok\n"))
        }
    }

    /// A patient at two HIEs, with whatever a source may send of every type.
    static func fill(_ gateway: RunningGateway) async throws {
        // The worker's own, which it answers itself.
        for (key, body) in [
            ("Patient/own", Samples.patient("own")),
            ("Condition/own", #"{"resourceType":"Condition","id":"own","subject":{"reference":"Patient/own"}}"#),
            (
                "Flag/own",
                #"{"resourceType":"Flag","id":"own","status":"active","code":{"text":"x"},"#
                    + #""subject":{"reference":"Patient/own"}}"#
            ),
        ] { #expect(try await gateway.put("/fhir/\(key)", body).status == 201) }
        try await gateway.indexPatient("imperial", id: "p1")
        try await gateway.indexPatient("homerton", id: "h1", family: "Example")
        for hie in ["homerton", "imperial"] {
            for type in types {
                let category = try #require(Category(type: type))
                let long = String(repeating: "x", count: 64)
                try await gateway.index(
                    hie,
                    [
                        (
                            "\(type)/whole",
                            Facts(
                                category: category, code: "1", system: "http://snomed.info/sct",
                                display: "<b>& \"x\"</b>", status: "completed", date: "2024-05-06")
                        ),
                        ("\(type)/timed", Facts(category: category, display: "x", date: "2024-05-06T07:08:09.1+01:00")),
                        ("\(type)/pointer", Facts(category: category)),
                        ("\(type)/error", Facts(category: category, code: "E", status: "entered-in-error")),
                        ("\(type)/over", Facts(category: category, code: "O", status: "resolved", date: "2001")),
                        (
                            "\(type)/\(long)",
                            Facts(
                                category: category, code: " not  a code ", system: "not a uri", display: "\u{0}\u{1}",
                                status: "nonsense", date: "yesterday")
                        ),
                        (
                            "\(type)/class",
                            Facts(
                                category: category, code: "AMB",
                                system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", display: "\u{7}a\u{FFFE}")
                        ),
                    ])
            }
        }
    }
}
