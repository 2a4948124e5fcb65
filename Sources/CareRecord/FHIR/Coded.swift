/// What a CodeableConcept or Coding says, in one coding.
struct Coded {
    static let snomed = "http://snomed.info/sct"

    var code: String?
    var system: String?
    var display: String?

    /// A CodeableConcept: its first SNOMED CT coding, or else its first coding; `nil` where it says nothing.
    init?(concept: FHIRElement, _ found: inout OperationOutcome) {
        let codings = concept.elements("coding", &found)
        let chosen = codings.first { $0.members["system"]?.text == Self.snomed } ?? codings.first
        if let chosen { self.init(coding: chosen, &found) } else { self.init() }
        if display == nil { display = concept.display("text", &found) }
        if code == nil && display == nil { return nil }
    }

    init(coding: FHIRElement, _ found: inout OperationOutcome) {
        code = coding.code("code", &found)
        system = coding.code("system", &found)
        display = coding.display("display", &found)
    }

    /// `nil` without a display.
    init?(display: String?) {
        guard let display else { return nil }
        self.display = display
    }

    private init() {}
}
