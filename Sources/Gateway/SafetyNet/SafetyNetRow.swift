package import CareRecord
import Storage

/// One row of the answer to a list of referrals, as CSV, as JSON and for people.
package struct SafetyNetRow: Sendable, Hashable {
    /// Whether an appointment has been given.
    package enum Verdict: String, Sendable, CaseIterable {
        case given = "appointment given"
        /// Every HIE is complete and shares what was asked for, and none has an appointment.
        case notKnown = "no appointment known"
        /// Nothing certain was found, and an HIE is not complete or has something that leaves it open.
        case cannotTell = "cannot tell"
        case refused
    }

    /// The columns of the CSV form, and members of the JSON form.
    package enum Column: String, Sendable, CaseIterable {
        case nhsNumber, referralDate
        case referral, referralSource, referralReference
        case appointment, appointmentDate, appointmentStatus, appointmentSource, appointmentReference
        case verdict, incomplete
        case line, reason
    }

    package static let columns = Column.allCases.map(\.rawValue)

    package let line: Int
    package let verdict: Verdict
    /// The HIEs that are not complete, in the order of the topology.
    package let incomplete: [String]
    /// The other columns that have something to say.
    private var texts: [Column: String] = [:]

    /// A text without a meaning where the column has nothing to say.
    package subscript(_ column: Column) -> String {
        switch column {
        case .line: String(line)
        case .verdict: verdict.rawValue
        case .incomplete: incomplete.joined(separator: " ")
        case .nhsNumber, .referralDate, .referral, .referralSource, .referralReference, .appointment,
            .appointmentDate, .appointmentStatus, .appointmentSource, .appointmentReference, .reason:
            texts[column] ?? ""
        }
    }

    /// The cells of the CSV form.
    package var cells: [String] { Column.allCases.map { self[$0] } }

    /// A row of the list that could not be read.
    package init(refused line: Int, number: String, day: String, reason: String) {
        self.line = line
        verdict = .refused
        incomplete = []
        texts = [.nhsNumber: number, .referralDate: day, .reason: reason]
    }

    init(_ referral: Referral, _ found: SafetyNetFindings, incomplete: [HIEIdentifier]) {
        line = referral.line
        self.incomplete = incomplete.map(\.text)
        let standing = found.appointment?.standing
        verdict =
            switch standing {
            case .stands: .given
            case .mayStand: .cannotTell
            case .fallen, nil: incomplete.isEmpty ? .notKnown : .cannotTell
            }
        texts = [.nhsNumber: referral.number.text, .referralDate: referral.day.text]
        texts[.referral] = found.referral?.standing.wordOfReferral ?? "unknown"
        texts[.referralSource] = found.referral?.entry.source.text
        texts[.referralReference] = found.referral?.entry.resource.reference
        texts[.appointment] = standing?.wordOfAppointment ?? "unknown"
        texts[.appointmentDate] = found.appointment?.entry.facts.date
        texts[.appointmentStatus] = found.appointment?.entry.facts.status
        texts[.appointmentSource] = found.appointment?.entry.source.text
        texts[.appointmentReference] = found.appointment?.entry.resource.reference
        if standing == .mayStand, let source = found.appointment?.entry.source {
            texts[.reason] = "\(source) has an appointment that may be one: ask there"
        }
    }

    /// Reads the JSON form; `nil` where it is none.
    package init?(_ json: JSON) {
        guard let line = json["line"]?.integer.flatMap({ Int(exactly: $0) }),
            let verdict = json["verdict"]?.text.flatMap(Verdict.init(rawValue:))
        else { return nil }
        self.line = line
        self.verdict = verdict
        incomplete = (json["incomplete"]?.elements ?? []).compactMap(\.text)
        for column in Column.allCases {
            switch column {
            case .line, .verdict, .incomplete: break
            case .nhsNumber, .referralDate, .referral, .referralSource, .referralReference, .appointment,
                .appointmentDate, .appointmentStatus, .appointmentSource, .appointmentReference, .reason:
                texts[column] = json[column.rawValue]?.text
            }
        }
    }

    /// The JSON form: columns that have nothing to say are left out.
    package var json: JSON {
        var object = JSONObject()
        for column in Column.allCases {
            switch column {
            case .line: object[column.rawValue] = .number(String(line))
            case .incomplete: object[column.rawValue] = .array(incomplete.map(JSON.string))
            case .verdict: object[column.rawValue] = .string(verdict.rawValue)
            case .nhsNumber, .referralDate, .referral, .referralSource, .referralReference, .appointment,
                .appointmentDate, .appointmentStatus, .appointmentSource, .appointmentReference, .reason:
                object[column.rawValue] = texts[column].map(JSON.string)
            }
        }
        return .object(object)
    }
}
