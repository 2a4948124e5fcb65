import CareRecord
import Storage

extension EntryComposer {
    /// Who the patient is in the words of the entry's source.
    func write(patient entry: IndexedEntry, to resource: inout JSONObject) {
        resource["identifier"] = [
            Self.identifier(NHSNumber.system, patient.text),
            Self.identifier(entry.source.system, entry.resource.id),
        ]
        guard let demographics = entry.facts.demographics else { return }
        if let name = Self.name(demographics) { resource["name"] = [name] }
        resource["gender"] = Self.gender(demographics)
        resource["birthDate"] = Self.birthDate(demographics)
        switch demographics.deceased {
        case nil: break
        case "true": resource["deceasedBoolean"] = true
        case .some(let date): resource["deceasedDateTime"] = FHIRDate(date) == nil ? nil : .string(date)
        }
        if let postalCode = FHIRText.string(demographics.postalCode) {
            resource["address"] = [["postalCode": postalCode]]
        }
    }

    static func identifier(_ system: String, _ value: String) -> JSON {
        ["system": .string(system), "value": .string(value)]
    }

    /// A HumanName; `nil` without one.
    static func name(_ demographics: Demographics) -> JSON? {
        var name = JSONObject()
        name["family"] = FHIRText.string(demographics.family)
        let given = demographics.given.compactMap { FHIRText.string($0) }
        if !given.isEmpty { name["given"] = .array(given) }
        return name.members.isEmpty ? nil : .object(name)
    }

    /// FHIR R4, value set administrative-gender; `nil` for any other code.
    static func gender(_ demographics: Demographics) -> JSON? {
        guard let gender = demographics.gender, AdministrativeGender.codes.contains(gender) else { return nil }
        return .string(gender)
    }

    /// `nil` for what is no date without a time.
    static func birthDate(_ demographics: Demographics) -> JSON? {
        guard let date = demographics.birthDate, FHIRDate(date) == .day else { return nil }
        return .string(date)
    }
}

/// FHIR R4, value set administrative-gender.
enum AdministrativeGender {
    static let codes = ["male", "female", "other", "unknown"]
}
