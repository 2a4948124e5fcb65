/// A FHIR resource as an HIE holds it, and what was read from it.
package struct Resource: Sendable, Hashable {
    package let key: ResourceKey
    package let patient: PatientLink
    /// The patient's own NHS number; only a `Patient` may have one.
    package let nhsNumber: NHSNumber?
    /// What the index keeps; `nil` for types that are not indexed.
    package let facts: Facts?
    /// The resource as compact JSON: `id` set, references to other entries of its bundle resolved to `Type/id`.
    package let body: [UInt8]

    package init(key: ResourceKey, patient: PatientLink, nhsNumber: NHSNumber?, facts: Facts?, body: [UInt8]) {
        self.key = key
        self.patient = patient
        self.nhsNumber = nhsNumber
        self.facts = facts
        self.body = body
    }
}

extension Resource: CustomStringConvertible {
    /// Type and id only, since descriptions end up in logs.
    package var description: String { key.reference }
}

/// To whom a resource belongs.
package enum PatientLink: Sendable, Hashable {
    /// To nobody who could be named: it is stored, and counted as unlinked.
    case none
    /// To `Patient/{id}` of the same HIE. A `Patient` belongs to itself.
    case patient(id: String)
    /// To the patient with this NHS number.
    case identified(NHSNumber)
}
