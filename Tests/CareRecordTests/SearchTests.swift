import CareRecord
import Testing

@Suite("Comparing in a search") struct SearchTests {
    @Test(
        "case, accents and punctuation go; hyphens and white space are one space",
        arguments: [
            ("O'Neill", "oneill"), ("O’Neill", "oneill"), ("Müller-Lüdenscheidt", "muller ludenscheidt"),
            ("Mu\u{308}ller", "muller"), ("  van   der\tBerg ", "van der berg"), ("Straße", "strasse"),
            ("Nguyễn", "nguyen"), ("Łukasz Ødegård", "lukasz odegard"), ("İpek", "ipek"), ("王", "王"), ("...", ""),
            ("Smith-", "smith"), ("-Smith", "smith"), ("van_der Berg!", "vander berg"),
            ("J.R. d'Arcy 3rd", "jr darcy 3rd"),
            ("A--B  C", "a b c"), ("Zoë Smith-Jones", "zoe smith jones"),
        ])
    func folded(text: String, expected: String) {
        #expect(text.searchFolded == expected)
    }

    @Test("what is folded stays so when folded again") func twice() {
        for text in ["Müller-Lüdenscheidt", "Nguyễn", "a - b", "ﬁ", "Ǆ"] {
            #expect(text.searchFolded.searchFolded == text.searchFolded)
        }
    }

    private static let day: Int64 = 86_400_000

    @Test("a date without a time means all of its year, month or day") func daySpans() {
        #expect(FHIRDate.span(of: "1970") == 0...(365 * Self.day - 1))
        #expect(FHIRDate.span(of: "1970-02") == (31 * Self.day)...(59 * Self.day - 1))
        #expect(FHIRDate.span(of: "1970-12") == (334 * Self.day)...(365 * Self.day - 1))
        #expect(FHIRDate.span(of: "1970-01-02") == Self.day...(2 * Self.day - 1))
    }

    @Test("a time means as much as its last digit says, in UTC") func timeSpans() {
        #expect(FHIRDate.span(of: "1970-01-01T00:00:01Z") == 1000...1999)
        #expect(FHIRDate.span(of: "1970-01-01T01:00:01+01:00") == 1000...1999)
        #expect(FHIRDate.span(of: "1969-12-31T23:00:01.5-01:00") == 1500...1599)
        #expect(FHIRDate.span(of: "1970-01-01T00:00:01.2345Z") == 1234...1234)
    }

    @Test(
        "a criterion fits what its comparison says",
        arguments: [
            ("2024", "2024-05-01", true), ("2024-05", "2024", false), ("ne2024", "2025", true),
            ("gt2024", "2024", false), ("gt2024-05", "2024", true), ("ge2024-05-01", "2024-05-01T10:00:00Z", true),
            ("lt2024-05-01", "2024-05-01T00:30:00+01:00", true), ("sa2024-05", "2024-06-01", true),
            ("eb2024-05", "2024-05-01", false), ("le2024-05", "2024-05-31", true), ("2024", "never", false),
        ])
    func criteria(text: String, date: String, isFitting: Bool) {
        #expect(DateCriterion(text)?.matches(date) == isFitting)
    }

    @Test(
        "what is no criterion is none",
        arguments: ["", "ge", "ap2024", "2024-13", "2024-05-01T10:00", "xx2024", "9999999"])
    func noCriterion(text: String) {
        #expect(DateCriterion(text) == nil)
    }
}
