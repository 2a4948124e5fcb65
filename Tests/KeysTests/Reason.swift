/// The reason of the error that the body throws, "" when it throws none.
func reason(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}
