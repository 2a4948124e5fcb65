/// The few facts of a resource that the index keeps (design §1). Every text is as the source wrote it.
package struct Facts: Sendable, Hashable {
    package var category: Category
    /// The first SNOMED CT coding, or else the first coding.
    package var code: String?
    package var system: String?
    package var display: String?
    package var status: String?
    /// When it happened or began, a FHIR date, dateTime or instant.
    package var date: String?
    /// Only for `demographics`.
    package var demographics: Demographics?

    package init(
        category: Category, code: String? = nil, system: String? = nil, display: String? = nil,
        status: String? = nil, date: String? = nil, demographics: Demographics? = nil
    ) {
        self.category = category
        self.code = code
        self.system = system
        self.display = display
        self.status = status
        self.date = date
        self.demographics = demographics
    }
}

/// Who the patient is, in the words of one source.
package struct Demographics: Sendable, Hashable {
    package var family: String?
    package var given: [String]
    /// A FHIR date.
    package var birthDate: String?
    /// FHIR administrative gender: `male`, `female`, `other`, `unknown`.
    package var gender: String?
    package var postalCode: String?
    /// `true`, or a FHIR dateTime as text; `nil` where the source does not say.
    package var deceased: String?

    package init(
        family: String? = nil, given: [String] = [], birthDate: String? = nil, gender: String? = nil,
        postalCode: String? = nil, deceased: String? = nil
    ) {
        self.family = family
        self.given = given
        self.birthDate = birthDate
        self.gender = gender
        self.postalCode = postalCode
        self.deceased = deceased
    }
}

/// How much of a category an HIE shares with its peers' indexes (design §8).
package enum Share: String, Sendable, CaseIterable {
    /// Every fact.
    case entry
    /// That there is something, and where: category and reference only.
    case pointer
    case nothing

    /// What of `facts` is shared; `nil` for nothing.
    package func reduce(_ facts: Facts) -> Facts? {
        switch self {
        case .entry: facts
        case .pointer: Facts(category: facts.category)
        case .nothing: nil
        }
    }
}
