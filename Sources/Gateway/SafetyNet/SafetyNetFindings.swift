import CareRecord
import Storage

/// What the index knows of one referral of a list: of its patient's referrals and appointments on or after its day the
/// one that says most, and of those the earliest.
///
/// An entry does not say which referral an appointment is for, so any appointment of the patient counts.
struct SafetyNetFindings: Sendable, Hashable {
    /// What an entry is worth; the best is the least.
    enum Standing: Int, Sendable, Hashable, Comparable {
        /// It was made, or given.
        case stands
        /// Its day or status leaves open whether it is.
        case mayStand
        /// It was called off, missed, a mistake, or is not fixed yet.
        case fallen

        static func < (left: Standing, right: Standing) -> Bool { left.rawValue < right.rawValue }
    }

    struct Found: Sendable, Hashable {
        let standing: Standing
        let entry: IndexedEntry
    }

    static let categories: [Category] = [.referral, .appointment]

    let referral: Found?
    let appointment: Found?

    init(_ entries: [IndexedEntry], since day: CalendarDay) {
        referral = Self.best(entries, .referral, since: day, Self.standing(referral:))
        appointment = Self.best(entries, .appointment, since: day, Self.standing(appointment:))
    }

    private static func best(
        _ entries: [IndexedEntry], _ category: Category, since day: CalendarDay, _ standing: (String?) -> Standing
    ) -> Found? {
        var best: (found: Found, start: Int64)?
        for entry in entries where entry.facts.category == category {
            let span = entry.facts.date.flatMap(DaySpan.init)
            let reach = span?.reach(day) ?? .mayReach
            guard reach != .before else { continue }
            let byStatus = standing(entry.facts.status)
            let found = Found(standing: reach == .reaches ? byStatus : max(byStatus, .mayStand), entry: entry)
            let start = span?.start.milliseconds ?? .max
            guard let known = best else {
                best = (found, start)
                continue
            }
            let order = (found.standing.rawValue, start, entry.source, entry.resource)
            let entryOfKnown = known.found.entry
            let knownOrder = (known.found.standing.rawValue, known.start, entryOfKnown.source, entryOfKnown.resource)
            if order < knownOrder { best = (found, start) }
        }
        return best?.found
    }

    /// FHIR R4, value set request-status.
    private static func standing(referral status: String?) -> Standing {
        switch status {
        case "revoked", "entered-in-error": .fallen
        case "active", "on-hold", "completed": .stands
        default: .mayStand
        }
    }

    /// FHIR R4, value set appointmentstatus.
    private static func standing(appointment status: String?) -> Standing {
        switch status {
        case "booked", "arrived", "fulfilled", "checked-in": .stands
        case "cancelled", "noshow", "entered-in-error", "proposed", "pending", "waitlist": .fallen
        default: .mayStand
        }
    }
}

extension SafetyNetFindings.Standing {
    var wordOfReferral: String {
        switch self {
        case .stands: "known"
        case .mayStand: "may be"
        case .fallen: "revoked"
        }
    }

    var wordOfAppointment: String {
        switch self {
        case .stands: "given"
        case .mayStand: "may be"
        case .fallen: "not given"
        }
    }
}
