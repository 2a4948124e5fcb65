/// FHIR as text. NHS numbers are of the test range 999.
enum Samples {
    static let number = "9990000018"
    static let otherNumber = "9990000026"

    static func patient(_ id: String = "p1", number: String? = Samples.number) -> String {
        let identifier = number.map {
            #","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"\#($0)"}]"#
        }
        return #"""
            {"resourceType":"Patient","id":"\#(id)"\#(identifier ?? ""),"name":[{"family":"Example","given":["Ada"]}],\#
            "gender":"female","birthDate":"1980-02-03","address":[{"postalCode":"E1 1AA"}]}
            """#
    }

    static func allergy(_ id: String = "a1", patient: String = "Patient/p1", date: String = "2020-01-01") -> String {
        #"""
        {"resourceType":"AllergyIntolerance","id":"\#(id)","patient":{"reference":"\#(patient)"},\#
        "recordedDate":"\#(date)",\#
        "clinicalStatus":{"coding":[{"code":"active"}]},"code":{"coding":[{"system":"http://snomed.info/sct",\#
        "code":"91936005","display":"Allergy to penicillin"}]}}
        """#
    }

    static func condition(_ id: String, patient: String = "Patient/p1", date: String? = nil) -> String {
        let onset = date.map { #","onsetDateTime":"\#($0)""# } ?? ""
        return #"""
            {"resourceType":"Condition","id":"\#(id)","subject":{"reference":"\#(patient)"},\#
            "code":{"text":"Asthma"}\#(onset)}
            """#
    }

    /// A bundle whose entries put these resources; `keys` are `Type/id`.
    static func bundle(_ type: String = "transaction", _ resources: (key: String, text: String)...) -> String {
        let entries = resources.map {
            #"{"resource":\#($0.text),"request":{"method":"PUT","url":"\#($0.key)"}}"#
        }
        return #"{"resourceType":"Bundle","type":"\#(type)","entry":[\#(entries.joined(separator: ","))]}"#
    }
}
