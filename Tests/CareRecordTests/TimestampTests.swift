import CareRecord
import Testing

@Suite("Timestamps") struct TimestampTests {
    @Test(
        "a moment is written as ISO 8601 and read back",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_164_800_123, "2024-02-29T00:00:00.123Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func examples(milliseconds: Int64, text: String) {
        #expect(Timestamp(milliseconds: milliseconds).text == text)
        #expect(Timestamp(text: text)?.milliseconds == milliseconds)
    }

    @Test("every day of 800 years is read back, the leap days included") func everyDay() {
        for day in Int64(-146_097)...146_097 {
            let moment = Timestamp(milliseconds: day * 86_400_000 + (day & 0xFFFF) * 1_001 % 86_400_000)
            if Timestamp(text: moment.text) != moment { Issue.record("\(moment.text) is not read back") }
        }
    }

    @Test(
        "what is no such moment is refused",
        arguments: [
            "", "2024-02-29", "2023-02-29T00:00:00.000Z", "2100-02-29T00:00:00.000Z", "2024-02-30T00:00:00.000Z",
            "2024-04-31T00:00:00.000Z", "2024-00-10T00:00:00.000Z", "2024-13-10T00:00:00.000Z",
            "2024-01-00T00:00:00.000Z", "2024-01-32T00:00:00.000Z", "2024-01-01T24:00:00.000Z",
            "2024-01-01T00:60:00.000Z", "2024-01-01T00:00:60.000Z", "2024-01-01T00:00:00.000z",
            "2024-01-01 00:00:00.000Z", "2024-01-01T00:00:00,000Z", "2024/01/01T00:00:00.000Z",
            "2024-01-01T00:00:00.0000", "2024-01-01T00:00:00.000Z ", "+024-01-01T00:00:00.000Z",
            "-024-01-01T00:00:00.000Z", "2024-+1-01T00:00:00.000Z", "2024-01-01T-1:00:00.000Z",
            "2024-01-01T00:00:00.+00Z", "２024-01-01T00:00:00.0Z", "2024-01-01T00:00:00.00éZ",
        ])
    func refused(text: String) {
        #expect(Timestamp(text: text) == nil)
    }
}
