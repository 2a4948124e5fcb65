/// What stands above everything about a patient, on a terminal.
struct PatientHeading {
    private let number: String

    init(_ number: String) { self.number = number }

    func print() {
        if Terminal.isInteractive { Terminal.print(Style.bold.applied(to: Self.text(number)) + "\n") }
    }

    static func text(_ number: String) -> String { "NHS number \(spaced(number))" }

    /// `999 000 0018`, as it is printed on letters.
    static func spaced(_ number: String) -> String {
        number.count == 10 ? "\(number.prefix(3)) \(number.dropFirst(3).prefix(3)) \(number.suffix(4))" : number
    }
}
