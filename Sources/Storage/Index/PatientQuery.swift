package import CareRecord

/// Which patients are looked for in the index, and which part of them.
package struct PatientQuery: Sendable, Hashable {
    package enum Term: Sendable, Hashable {
        case number(NHSNumber)
        /// The Patient of this id at that source.
        case id(HIEIdentifier, String)
        case source(HIEIdentifier)
        /// Names are compared without case and accents, and from their beginning.
        case family(String)
        case given(String)
        /// Names are compared as they are.
        case familyExactly(String)
        case givenExactly(String)
        /// By days; a criterion with a time of day fits nobody.
        case born(DateCriterion)
        case gender(String)
        /// Fits everybody.
        case anybody
    }

    /// A patient's place in the order of the answer.
    package struct Place: Sendable, Hashable {
        package let patient: NHSNumber
        package let source: HIEIdentifier
        package let id: String

        package init(patient: NHSNumber, source: HIEIdentifier, id: String) {
            self.patient = patient
            self.source = source
            self.id = id
        }
    }

    /// Of each group one term has to fit.
    package var groups: [[Term]]
    package var limit: Int
    /// The place after which the part begins.
    package var after: Place?

    package init(_ groups: [[Term]], limit: Int, after: Place? = nil) {
        self.groups = groups
        self.limit = limit
        self.after = after
    }
}

/// A source's entry of type Patient.
package struct IndexedPatient: Sendable, Hashable {
    package let patient: NHSNumber
    package let entry: IndexedEntry

    package var place: PatientQuery.Place {
        PatientQuery.Place(patient: patient, source: entry.source, id: entry.resource.id)
    }
}

/// A part of the patients that were looked for.
package struct PatientPage: Sendable {
    /// How many there are in all.
    package let total: Int
    package let patients: [IndexedPatient]
    /// More come after these.
    package let hasMore: Bool
}
