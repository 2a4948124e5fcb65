import CareRecord
import Storage
import Testing

@testable import Gateway

@Suite("The verdict on a referral")
struct SafetyNetJudgeTests {
    private static func row(_ entries: [IndexedEntry], incomplete: [String] = []) throws -> SafetyNetRow {
        let day = try #require(CalendarDay(year: 2026, month: 11, day: 2))
        let number = try #require(NHSNumber(Samples.number))
        return SafetyNetRow(
            Referral(line: 3, number: number, day: day), SafetyNetFindings(entries, since: day),
            incomplete: try incomplete.map { try #require(HIEIdentifier($0)) })
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let status, date: String?
        let word: String
        /// The verdict while every HIE is complete.
        let verdict: SafetyNetRow.Verdict

        init(_ status: String?, _ date: String?, _ word: String, _ verdict: SafetyNetRow.Verdict) {
            self.status = status
            self.date = date
            self.word = word
            self.verdict = verdict
        }

        var testDescription: String { "\(status ?? "no status") \(date ?? "no date")" }
    }

    static let appointments: [Case] = [
        Case("booked", "2026-11-02T00:00:00Z", "given", .given), Case("booked", "2027-01-01", "given", .given),
        Case("arrived", "2026-11-20", "given", .given), Case("fulfilled", "2026-11-20", "given", .given),
        Case("checked-in", "2026-11-20", "given", .given), Case("booked", "2026-11-01T23:59:59Z", "unknown", .notKnown),
        Case("booked", "2026-10-31", "unknown", .notKnown), Case("booked", "2025", "unknown", .notKnown),
        Case("booked", "2026", "may be", .cannotTell), Case("booked", "2026-11", "may be", .cannotTell),
        Case("booked", "2026-12", "given", .given), Case("booked", nil, "may be", .cannotTell),
        Case("booked", "soon", "may be", .cannotTell), Case(nil, "2026-11-20", "may be", .cannotTell),
        Case(nil, nil, "may be", .cannotTell), Case("of its own kind", "2026-11-20", "may be", .cannotTell),
        Case("cancelled", "2026-11-20", "not given", .notKnown), Case("noshow", "2026-11-20", "not given", .notKnown),
        Case("entered-in-error", "2026-11-20", "not given", .notKnown),
        Case("waitlist", "2026-11-20", "not given", .notKnown), Case("pending", "2026-11-20", "not given", .notKnown),
        Case("proposed", nil, "not given", .notKnown), Case("cancelled", "2026", "not given", .notKnown),
        Case("cancelled", "2026-10-01", "unknown", .notKnown),
    ]

    @Test("follows the appointment's status and date", arguments: appointments)
    func appointment(_ example: Case) throws {
        let entry = try IndexedEntry.of("barts", "Appointment/1", status: example.status, date: example.date)
        let row = try Self.row([entry])
        #expect(row[.appointment] == example.word && row.verdict == example.verdict)
        #expect(row[.appointmentReference] == (example.word == "unknown" ? "" : "Appointment/1"))
        #expect(row[.reason].isEmpty == (example.word != "may be"))
        let incomplete = try Self.row([entry], incomplete: ["homerton", "imperial"])
        #expect(incomplete.verdict == (example.verdict == .given ? .given : .cannotTell))
        #expect(incomplete[.appointment] == example.word && incomplete[.incomplete] == "homerton imperial")
    }

    @Test(
        "a referral is known, revoked, may be, or unknown",
        arguments: [
            ("active", "2026-11-02", "known"), ("completed", "2026-12-01T10:00:00Z", "known"),
            ("on-hold", "2026-11-02", "known"), ("revoked", "2026-11-02", "revoked"),
            ("entered-in-error", "2026-11-02", "revoked"), ("draft", "2026-11-02", "may be"),
            ("unknown", "2026-11-02", "may be"), (nil, nil, "may be"), ("active", "2026", "may be"),
            ("active", "2026-11-01", "unknown"),
        ] as [(String?, String?, String)])
    func referral(status: String?, date: String?, word: String) throws {
        let row = try Self.row([try .of("barts", "ServiceRequest/1", status: status, date: date)])
        #expect(row[.referral] == word && row.verdict == .notKnown && row[.appointment] == "unknown")
        #expect(row[.referralSource] == (word == "unknown" ? "" : "barts"))
        #expect(row[.referralReference] == (word == "unknown" ? "" : "ServiceRequest/1"))
    }

    @Test("of several appointments the best counts, and of the best the earliest, in whatever order they come")
    func best() throws {
        let entries: [IndexedEntry] = try [
            .of("barts", "Appointment/1", status: "cancelled", date: "2026-11-03"),
            .of("homerton", "Appointment/2"), .of("barts", "Appointment/3", status: "booked", date: "2026-12-01"),
            .of("homerton", "Appointment/4", status: "booked", date: "2026-11-20T10:00:00Z"),
            .of("barts", "Appointment/5", status: "fulfilled", date: "2026-10-01"),
            .of("barts", "ServiceRequest/6", status: "active", date: "2026-11-02"),
            .of("barts", "Encounter/7", status: "finished", date: "2026-11-10"),
        ]
        var random = SplitMix64(seed: 3)
        for _ in 0..<50 {
            let row = try Self.row(entries.shuffled(using: &random))
            #expect(row[.appointmentReference] == "Appointment/4" && row[.appointmentSource] == "homerton")
            #expect(row[.appointmentDate] == "2026-11-20T10:00:00Z" && row[.appointmentStatus] == "booked")
            #expect(row[.referralReference] == "ServiceRequest/6")
        }
    }

    @Test("a row is the same after its JSON form, whatever its verdict is")
    func json() throws {
        let rows = [
            try Self.row([]), try Self.row([], incomplete: ["homerton"]),
            try Self.row([try .of("barts", "Appointment/1", status: "booked", date: "2026-11-20")]),
            SafetyNetRow(refused: 7, number: "=1", day: "", reason: "why"),
        ]
        for row in rows {
            #expect(SafetyNetRow(row.json) == row)
            #expect(row.cells.count == SafetyNetRow.columns.count)
        }
        #expect(SafetyNetRow(JSON.null) == nil && SafetyNetRow(["line": 1, "verdict": "perhaps"]) == nil)
        let summary = SafetyNetSummary(rows)
        #expect(
            summary.named.map { "\($0.name)=\($0.count)" }
                == ["rows=4", "appointmentGiven=1", "noAppointmentKnown=1", "cannotTell=1", "refused=1"])
    }
}
