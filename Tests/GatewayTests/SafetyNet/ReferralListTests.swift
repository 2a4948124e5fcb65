import CareRecord
import Testing

@testable import Gateway

@Suite("Lists of referrals")
struct ReferralListTests {
    private static func list(_ text: String, rowsMax: Int = 100) throws -> ReferralList {
        try ReferralList(Array(text.utf8), rowsMax: rowsMax)
    }

    private static func words(_ list: ReferralList) -> [String] {
        list.rows.map { row in
            switch row {
            case .referral(let referral): "\(referral.line) \(referral.number.text) \(referral.day.text)"
            case .refused(let line, let number, let day, let reason): "\(line) [\(number)] [\(day)] \(reason)"
            }
        }
    }

    @Test(
        "is read with and without a header, whatever the separator, quotes, line ends and spaces are",
        arguments: [
            "9990000018,2026-11-02", "9990000018;02/11/2026\r\n", "\u{FEFF}9990000018\t2/11/2026\r",
            "\"999 000 0018\",\"2026-11-02\"", " 999\u{A0}000\u{A0}0018 , 02-Nov-2026 ", "9990000018,02-NOV-2026",
            "9990000018,2026-11-02T09:30:00Z,Ada", "9990000018,2026-11-02 09:30", "9990000018,2/11/2026 9:30:00.000",
        ])
    func noHeader(text: String) throws {
        #expect(Self.words(try Self.list(text)) == ["1 9990000018 2026-11-02"])
    }

    @Test(
        "columns are found by their names",
        arguments: [
            "nhsNumber,referralDate\n9990000018,2026-11-02", "NHS number;Referral Date\n9990000018;02/11/2026",
            "name,nhs_number,date\nAda,9990000018,2026-11-02", "\u{FEFF}Date referred,NHS No.\n2026-11-02,9990000018",
            "date,NHSNumber,referral_date\n1980-02-03,9990000018,2026-11-02",
        ])
    func header(text: String) throws {
        #expect(Self.words(try Self.list(text)) == ["2 9990000018 2026-11-02"])
    }

    @Test("a column of lines numbers the rows, and what is written for another reader is read the same")
    func lineColumn() throws {
        let list = try Self.list("line,nhsNumber,referralDate\n17,9990000018,2026-11-02\nx,9990000026,2026-11-03\n")
        #expect(Self.words(list) == ["17 9990000018 2026-11-02", "3 9990000026 2026-11-03"])
        let again = try ReferralList(ReferralList.csv(list.rows.compactMap(\.referral)), rowsMax: 100)
        #expect(again.rows == list.rows)
    }

    @Test("a bad row is kept with its line and reason, the others are read, and duplicates are two rows")
    func badRows() throws {
        let list = try Self.list(
            """
            nhs,date
            9990000018,2026-11-02
            9990000019,2026-11-02
            9990000018,2026-02-30
            \"never closed,2026-11-02
            ,
            9990000018
            x,y

            9990000018,2026-11-02
            """)
        let (noNumber, noDay) = ("not a valid NHS number", "not a referral date")
        let expected = [
            "2 9990000018 2026-11-02", "3 [9990000019] [2026-11-02] \(noNumber)",
            "4 [9990000018] [2026-02-30] \(noDay)", "5 [] [] a cell begins with a quote",
            "7 [9990000018] [] no referral date", "8 [x] [y] \(noNumber)", "10 9990000018 2026-11-02",
        ]
        let words = Self.words(list)
        #expect(words.count == expected.count)
        for (word, start) in zip(words, expected) { #expect(word.hasPrefix(start)) }
        #expect(words[5].contains("; \(noDay)"))
    }

    @Test(
        "what is no day is refused",
        arguments: [
            "02/11/26", "2026-11", "2026", "11-02-2026", "2026/11/02", "31/04/2026", "29/02/2026", "0/1/2026",
            "32/1/2026",
            "02-Foo-2026", "20261102", "2026-1-2", "٠٢/11/2026", "02/11/2026 25:00", "02/11/2026 x",
            "2026-11-02Z", "02/11/-2026", "+2/11/2026", "45962", "0000-01-01", "9999999999", "02/11/2026/", "//",
            "1/1/99999999999999999999",
        ])
    func noDay(text: String) {
        #expect(CalendarDay(written: text) == nil)
    }

    @Test("what is no list at all is refused, with what to do")
    func failures() {
        for text in ["", "\n\n", "\u{FEFF}", "nhsNumber,referralDate\n"] {
            #expect(throws: ReferralList.Failure.empty) { try Self.list(text) }
        }
        #expect(throws: ReferralList.Failure.noColumn("referralDate")) { try Self.list("nhsNumber,when\n") }
        #expect(throws: ReferralList.Failure.noColumn("nhsNumber")) { try Self.list("who,date\n") }
        #expect(throws: ReferralList.Failure.tooManyRows(max: 1)) { try Self.list("1,2\n1,2", rowsMax: 1) }
        #expect(throws: ReferralList.Failure.csv(.notUTF8(line: 1))) { try ReferralList([0xFF], rowsMax: 1) }
    }

    @Test("random bytes never trap")
    func randomBytes() throws {
        var random = SplitMix64(seed: 9)
        let pieces = [
            "9990000018", "2026-11-02", "2/11/2026", ",", ";", "\"", "\r\n", "\n", "nhs", "date", "é", " ", "=",
        ]
        for _ in 0..<2000 {
            var bytes = Array((0..<random.below(20)).map { _ in random.pick(pieces) }.joined().utf8)
            if random.chance(percent: 20), !bytes.isEmpty {
                bytes[random.below(bytes.count)] = UInt8(random.below(256))
            }
            let list = try? ReferralList(bytes, rowsMax: 10)
            #expect(list?.rows.isEmpty != true)
        }
    }
}
