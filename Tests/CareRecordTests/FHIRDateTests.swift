import Testing

@testable import CareRecord

@Suite("FHIR dates")
struct FHIRDateTests {
    @Test(
        "days and parts of days that exist are dates",
        arguments: ["2024", "0001", "2024-12", "2024-02-29", "2000-02-29", "2023-02-28", "2023-04-30", "2023-12-31"])
    func days(text: String) {
        #expect(FHIRDate(text) == .day)
    }

    @Test(
        "times have seconds and a zone",
        arguments: [
            "2024-02-29T00:00:00Z", "2015-02-07T13:28:17.239+02:00", "2016-12-31T23:59:60Z",
            "2024-01-01T23:59:59-14:00", "2024-01-01T10:00:00.123456789Z",
        ])
    func times(text: String) {
        #expect(FHIRDate(text) == .time)
    }

    @Test(
        "what does not exist or is written otherwise is refused",
        arguments: [
            "", "2023-02-30", "2023-02-29", "1900-02-29", "2024-00-01", "2024-13-01", "2024-04-31", "2024-01-00",
            "0000",
            "24", "2024-1-1", "20240101", "01/02/2024", "2024-01-01T", "2024-01-01T10:00", "2024-01-01T10:00:00",
            "2024-01-01T24:00:00Z", "2024-01-01T10:60:00Z", "2024-01-01T10:00:61Z", "2024-01-01T10:00:00.Z",
            "2024-01-01T10:00:00+15:00", "2024-01-01T10:00:00+14:01", "2024-01-01T10:00:00+0100",
            "2024-01-01 10:00:00Z", "2024-01T10:00:00Z", "2024-01-01Z", "2024-01-01T10:00:00Zx", " 2024", "2024-",
            "２０２４", "2024-01-01T10:00:00.0000000000000000000000000000Z",
        ])
    func refused(text: String) {
        #expect(FHIRDate(text) == nil)
    }
}
