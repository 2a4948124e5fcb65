import ArgumentParser

/// What is said beforehand where nobody can be asked.
struct ConsentOptions: ParsableArguments {
    @Flag(help: "Do not ask.")
    var yes = false

    @Option(help: .init("How many letters there are; do not ask if that is so.", valueName: "number"))
    var count: Int?

    mutating func validate() throws {
        if let count, count < 0 { throw ValidationError("--count is a number of letters") }
    }

    var consent: Confirmation.Consent { .init(isGiven: yes, count: count) }
}
