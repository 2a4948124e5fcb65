extension Demographics {
    /// FHIR R4, value set administrative-gender.
    private static let genders: Set<String> = ["male", "female", "other", "unknown"]

    init(of patient: FHIRElement, _ found: inout OperationOutcome) {
        self.init()
        if let name = Self.name(of: patient, &found) {
            family = name.display("family", &found) ?? name.display("text", &found)
            given = name.texts("given", &found).prefix(FHIRLimits.givenNamesMax).compactMap(FHIRElement.bounded)
        }
        birthDate = patient.day("birthDate", &found)
        gender = patient.code("gender", &found)
        if let gender, !Self.genders.contains(gender) {
            found.append(
                .error, .value, at: patient.place(of: "gender"),
                "not one of the administrative genders: send male, female, other or unknown")
        }
        let addresses = patient.elements("address", &found).filter { $0.members["use"]?.text != "old" }
        let home = addresses.first { $0.members["use"]?.text == "home" } ?? addresses.first
        postalCode = home?.display("postalCode", &found)
        if patient.bool("deceasedBoolean", &found) == true { deceased = "true" }
        if let date = patient.date("deceasedDateTime", &found) { deceased = date }
    }

    /// The official name, else the usual one, else the first that is still in use.
    private static func name(of patient: FHIRElement, _ found: inout OperationOutcome) -> FHIRElement? {
        let names = patient.elements("name", &found).filter { $0.members["use"]?.text != "old" }
        func first(_ use: String) -> FHIRElement? { names.first { $0.members["use"]?.text == use } }
        return first("official") ?? first("usual") ?? names.first
    }
}
