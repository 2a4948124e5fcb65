extension PatientLink {
    /// Members that refer to the patient, in FHIR R4's resource types.
    private static let members = ["subject", "patient", "beneficiary", "for"]

    /// To whom a resource belongs. `nhsNumber` is that of a Patient itself.
    init(of resource: FHIRElement, key: ResourceKey, _ found: inout OperationOutcome) {
        if key.type == "Patient" {
            self = .patient(id: key.id)
            return
        }
        self = .none
        for reference in Self.references(of: resource, type: key.type, &found) {
            self = PatientLink(reference: reference, in: resource, &found)
            if self != .none { return }
        }
    }

    private static func references(
        of resource: FHIRElement, type: String, _ found: inout OperationOutcome
    ) -> [FHIRElement] {
        if type == "Appointment" {
            let participants = resource.elements("participant", &found)
            return participants.compactMap { $0.element("actor", &found) }
        }
        guard Category(type: type) == nil else {
            return members.compactMap { resource.element($0, &found) }
        }
        // Of other types the form of these members is not known here, so nothing about it is wrong.
        var ignored = OperationOutcome()
        return members.flatMap { name in
            if case .array = resource.members[name] { return resource.elements(name, &ignored) }
            return resource.element(name, &ignored).map { [$0] } ?? []
        }
    }

    /// A Reference: what it names counts before the identifier that it may carry as well.
    private init(reference: FHIRElement, in resource: FHIRElement, _ found: inout OperationOutcome) {
        let text = reference.text("reference", &found) ?? ""
        let place = reference.place(of: "reference")
        if let id = Self.patientID(text) {
            self = .patient(id: id)
        } else if let number = Self.searched(text) {
            self = NHSNumber(number, at: place, &found).map(PatientLink.identified) ?? .none
        } else if let patient = resource.contained(text, type: "Patient", &found),
            let number = NHSNumber.identifying(patient, &found)
        {
            self = .identified(number)
        } else if let identifier = reference.element("identifier", &found),
            let number = NHSNumber(identifier: identifier, &found)
        {
            self = .identified(number)
        } else {
            self = .none
        }
    }

    /// The id in `Patient/id` or `Patient/id/_history/version`.
    private static func patientID(_ reference: String) -> String? {
        let parts = reference.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 || parts.count == 4 && parts[2] == "_history", parts[0] == "Patient",
            ResourceKey.isID(parts[1])
        else { return nil }
        return String(parts[1])
    }

    /// What is searched for in `Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|…` (FHIR R4, conditional
    /// references).
    private static func searched(_ reference: String) -> String? {
        guard reference.hasPrefix("Patient?identifier=") else { return nil }
        let value = percentDecoded(reference.dropFirst("Patient?identifier=".count))
        guard value.hasPrefix(NHSNumber.system + "|") else { return nil }
        return String(value.dropFirst(NHSNumber.system.count + 1))
    }

    private static func percentDecoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let code = UInt8(Substring(rest.prefix(2)), radix: 16) {
                bytes.append(code)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
