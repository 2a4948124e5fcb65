package import CareRecord
package import Replication

/// One line of the access trail: who read whose record, or what went wrong with it.
package struct AccessEvent: Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Somebody here asks for a patient's record.
        case recordAsked = "record-asked"
        /// Another HIE asks for what this one holds of a patient.
        case recordRead = "record-read"
        /// A question that nobody may ask, or to an address that is not the asker's.
        case questionRefused = "question-refused"
        /// Safety incident: an HIE answered with another patient's data. Nothing of it was shown.
        case foreignAnswer = "foreign-answer"

        /// Those that somebody has to look into.
        package static let incidents: [Kind] = [.questionRefused, .foreignAnswer]
    }

    package let kind: Kind
    /// The other HIE, where it is known.
    package let hie: HIEIdentifier?
    package let patient: NHSNumber?
    package let requester: Requester?
    /// In words; it names no patient.
    package let detail: String

    package init(
        _ kind: Kind, hie: HIEIdentifier? = nil, patient: NHSNumber? = nil, requester: Requester? = nil,
        detail: String = ""
    ) {
        self.kind = kind
        self.hie = hie
        self.patient = patient
        self.requester = requester
        self.detail = detail
    }
}

/// An incident as it stands in the trail.
package struct Incident: Sendable, Hashable {
    /// Its number in the trail, under which `audit.sqlite` has the patient too.
    package let number: Int64
    package let kind: AccessEvent.Kind
    package let at: Timestamp
    package let hie: HIEIdentifier?
    package let detail: String
}
