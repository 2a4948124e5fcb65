extension Facts {
    /// What the index keeps of a resource; `nil` for types that are not indexed.
    init?(of resource: FHIRElement, type: String, _ found: inout OperationOutcome) {
        guard let category = Category(type: type) else { return nil }
        self.init(category: category)
        guard let rule = FactsRule.byType[type] else {
            demographics = Demographics(of: resource, &found)
            return
        }
        let coded = Self.coded(resource, rule, &found)
        code = coded?.code
        system = coded?.system
        display =
            Self.text(resource, rule.titles, &found) ?? coded?.display
            ?? Self.text(resource, rule.descriptions, &found)
        status = Self.status(resource, rule, &found)
        date = Self.date(resource, rule, &found)
    }

    private static func coded(
        _ resource: FHIRElement, _ rule: FactsRule, _ found: inout OperationOutcome
    ) -> Coded? {
        for place in rule.codes {
            let coded: Coded? =
                switch place {
                case .concept(let name): resource.element(name, &found).flatMap { Coded(concept: $0, &found) }
                case .firstConcept(let name):
                    resource.elements(name, &found).first.flatMap { Coded(concept: $0, &found) }
                case .coding(let name): resource.element(name, &found).map { Coded(coding: $0, &found) }
                case .firstCoding(let name): resource.elements(name, &found).first.map { Coded(coding: $0, &found) }
                case .medication: medication(resource, &found)
                }
            if let coded { return coded }
        }
        return nil
    }

    private static func medication(_ resource: FHIRElement, _ found: inout OperationOutcome) -> Coded? {
        if let concept = resource.element("medicationCodeableConcept", &found) {
            return Coded(concept: concept, &found)
        }
        guard let reference = resource.element("medicationReference", &found) else { return nil }
        var coded: Coded?
        if let contained = resource.contained(reference.text("reference", &found), type: "Medication", &found) {
            coded = contained.element("code", &found).flatMap { Coded(concept: $0, &found) }
        }
        return coded ?? Coded(display: reference.display("display", &found))
    }

    private static func text(
        _ resource: FHIRElement, _ names: [String], _ found: inout OperationOutcome
    ) -> String? {
        for name in names {
            if let text = resource.display(name, &found) { return text }
        }
        return nil
    }

    private static func status(
        _ resource: FHIRElement, _ rule: FactsRule, _ found: inout OperationOutcome
    ) -> String? {
        switch rule.status {
        case .code(let name): return resource.code(name, &found)
        case .clinical:
            for name in ["clinicalStatus", "verificationStatus"] {
                let coding = resource.element(name, &found)?.elements("coding", &found).first
                if let code = coding?.code("code", &found) { return code }
            }
            return nil
        }
    }

    private static func date(
        _ resource: FHIRElement, _ rule: FactsRule, _ found: inout OperationOutcome
    ) -> String? {
        for place in rule.dates {
            let date: String? =
                switch place {
                case .at(let name): resource.date(name, &found)
                case .start(let name): resource.element(name, &found)?.date("start", &found)
                }
            if let date { return date }
        }
        return nil
    }
}

extension FHIRElement {
    /// The resource within this one that `#id` refers to, if it has this type.
    func contained(_ reference: String?, type: String, _ found: inout OperationOutcome) -> FHIRElement? {
        guard let reference, reference.utf8.first == UInt8(ascii: "#") else { return nil }
        let id = reference.dropFirst()
        return elements("contained", &found).first {
            $0.members["resourceType"]?.text == type && $0.members["id"]?.text.map { $0 == id } ?? false
        }
    }
}
