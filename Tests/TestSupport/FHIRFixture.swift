package import CareRecord

/// FHIR resources in few words, for tests. NHS numbers come from the test range 999.
package enum FHIRFixture {
    /// The n-th NHS number of the test range that exists.
    package static func number(_ n: Int64) -> NHSNumber {
        var found: Int64 = 0
        var candidate: Int64 = 999_000_000
        while true {
            candidate += 1
            guard let number = NHSNumber(firstNine: candidate) else { continue }
            found += 1
            if found == n { return number }
        }
    }

    package static func patient(_ id: String, number: NHSNumber?) -> Submission.Operation {
        let identifier = number.map {
            #","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"\#($0.text)"}]"#
        }
        return put(#"{"resourceType":"Patient","id":"\#(id)","name":[{"family":"Example"}]\#(identifier ?? "")}"#)
    }

    package static func condition(
        _ id: String, of patient: String, code: String = "195967001", display: String = "Asthma"
    ) -> Submission.Operation {
        put(
            #"""
            {"resourceType":"Condition","id":"\#(id)","subject":{"reference":"Patient/\#(patient)"},
             "code":{"coding":[{"system":"http://snomed.info/sct","code":"\#(code)","display":"\#(display)"}]},
             "onsetDateTime":"2020-05-01"}
            """#)
    }

    package static func put(_ json: String) -> Submission.Operation {
        let submission = Submission.read(Array(json.utf8))
        guard !submission.isRefused, let operation = submission.operations.first else {
            preconditionFailure("a fixture is readable: \(submission.outcome)")
        }
        return operation
    }

    package static func delete(_ reference: String) -> Submission.Operation {
        guard let key = ResourceKey(reference: reference) else { preconditionFailure("a fixture names Type/id") }
        return .delete(key)
    }
}
