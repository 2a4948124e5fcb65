extension NHSNumber {
    /// The one valid NHS number among a Patient's identifiers that are in use; `nil` where there is none.
    /// An invalid one, or a second one that differs, is an error: a record under a wrong number does harm.
    static func identifying(_ patient: FHIRElement, _ found: inout OperationOutcome) -> NHSNumber? {
        var number: NHSNumber?
        for identifier in patient.elements("identifier", &found) {
            guard let next = NHSNumber(identifier: identifier, &found), next != number else { continue }
            if number != nil {
                found.append(
                    .error, .businessRule, at: identifier.place,
                    "a second NHS number that differs from the first: mark the superseded one with use \"old\"")
            }
            number = next
        }
        return number
    }

    /// `nil` for an Identifier of another system, without a value, or no longer in use.
    init?(identifier: FHIRElement, _ found: inout OperationOutcome) {
        guard identifier.text("system", &found) == Self.system, identifier.text("use", &found) != "old",
            let text = identifier.text("value", &found)
        else { return nil }
        self.init(text, at: identifier.place(of: "value"), &found)
    }

    /// Reports what is no NHS number.
    init?(_ text: some StringProtocol, at place: Expression, _ found: inout OperationOutcome) {
        guard let number = NHSNumber(text) else {
            found.append(
                .error, .value, at: place,
                "not a valid NHS number: it has ten digits, the last of which is a modulus 11 check digit")
            return nil
        }
        self = number
    }
}
