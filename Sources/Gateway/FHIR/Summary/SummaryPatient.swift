import CareRecord
import Storage
import Worker

/// The one Patient of a summary, of what all sources say: every identifier and every name, and for the rest the own
/// HIE's words where it has some, or else those of the first source by name.
struct SummaryPatient {
    let urn = "urn:uuid:\(UUIDText.random())"
    private let number: NHSNumber
    private let entries: [IndexedEntry]

    init(_ lookup: Lookup, own: HIEIdentifier) {
        number = lookup.patient
        entries = lookup.entries.filter { $0.resource.type == "Patient" }.sorted { left, right in
            if (left.source == own) != (right.source == own) { return left.source == own }
            return (left.source, left.resource) < (right.source, right.resource)
        }
    }

    /// Whether the sources tell of different days of birth.
    var isBornTwice: Bool {
        Set(entries.compactMap { $0.facts.demographics.flatMap(EntryComposer.birthDate) }).count > 1
    }

    var json: JSON {
        let people = entries.compactMap(\.facts.demographics)
        var patient = JSONObject()
        patient["resourceType"] = "Patient"
        patient["identifier"] = .array(
            [EntryComposer.identifier(NHSNumber.system, number.text)]
                + entries.map { EntryComposer.identifier($0.source.system, $0.resource.id) })
        let names = people.compactMap(EntryComposer.name).reduce(into: [JSON]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        // The profile asks for a name and a date of birth.
        patient["name"] = .array(names.isEmpty ? [FHIRText.absent] : names)
        patient["gender"] = people.lazy.compactMap(EntryComposer.gender).first
        if let birthDate = people.lazy.compactMap(EntryComposer.birthDate).first {
            patient["birthDate"] = birthDate
        } else {
            patient["_birthDate"] = FHIRText.absent
        }
        switch people.lazy.compactMap(\.deceased).first {
        case nil: break
        case "true": patient["deceasedBoolean"] = true
        case .some(let date): patient["deceasedDateTime"] = FHIRDate(date) == nil ? nil : .string(date)
        }
        return .object(patient)
    }
}
