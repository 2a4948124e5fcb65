import CareRecord
import Testing

@Suite("NHS numbers")
struct NHSNumberTests {
    @Test("a number with the right check digit is valid, spaces or not", arguments: ["9990000018", "999 000 0026"])
    func valid(text: String) {
        #expect(NHSNumber(text)?.text == text.filter { $0 != " " })
    }

    @Test(
        "anything else is not",
        arguments: ["", "9990000019", "999000001", "99900000180", "999-000-0018", "999000001X", "９９９0000018", "0"])
    func invalid(text: String) {
        #expect(NHSNumber(text) == nil)
    }

    @Test("nine digits whose check digit would be ten have no number")
    func checkDigitTen() {
        let missing = (999_000_000...999_000_999).filter { NHSNumber(firstNine: Int64($0)) == nil }
        #expect(!missing.isEmpty)
        for nine in missing {
            #expect((0...9).allSatisfy { NHSNumber(value: Int64(nine) * 10 + $0) == nil })
        }
    }

    @Test("a check digit of eleven counts as nought")
    func checkDigitEleven() throws {
        let zero = try #require((999_000_000...999_000_999).first { NHSNumber(value: Int64($0) * 10) != nil })
        #expect(NHSNumber(firstNine: Int64(zero))?.value == Int64(zero) * 10)
    }

    @Test("its description hides it")
    func hidden() throws {
        let number = try #require(NHSNumber(someNumber))
        #expect(!"\(number)".contains("999"))
    }
}
