import CareRecord
import Replication

/// What a worker's status says of dead letters, and whether the numbers of every source add up.
struct DeadLetterStatus {
    private let letters: JSON?
    private let accounts: [Account]

    init(_ json: JSON) {
        letters = json["deadLetters"]?.present
        accounts = (json["accounts"]?.elements ?? []).map { Account($0) }
    }

    func screen(_ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        appendLetters(to: &screen)
        appendAccounts(to: &screen)
        return screen
    }

    private func appendLetters(to screen: inout Screen) {
        guard let letters else { return }
        let isInteractive = screen.look.isInteractive
        var section = Section(
            "Dead letters", .init("cause"), .init("count", .right), .init("oldest"), .init("what to do"))
        for group in letters["causes"]?.elements ?? [] {
            let cause = group["cause"]?.text ?? "?"
            let oldest = group["oldest"]?.text ?? ""
            section.append(
                "dead-letters", .init(cause), .init("\(group["count"]?.integer ?? 0)", .red),
                .init(isInteractive ? Age.since(oldest) : oldest),
                .init(group["remedy"]?.text ?? Rejection.Cause(rawValue: cause)?.remedy ?? "", .dim))
        }
        screen.append(section)
        guard section.isEmpty, isInteractive else { return }
        let parked = letters["parked"]?.integer ?? 0
        screen.say(
            parked == 0
                ? .init("Dead letters: none, nothing waits for you", .green)
                : .init("Dead letters: \(parked) are parked; wherry deadletters list shows them", .red))
        screen.space()
    }

    private func appendAccounts(to screen: inout Screen) {
        guard !accounts.isEmpty else { return }
        var section = Section(
            "Accounts", .init("HIE"), .init("published", .right), .init("applied", .right), .init("held", .right),
            .init("discarded", .right), .init("behind", .right), .init("adds up"))
        for account in accounts {
            section.append(
                "account",
                cells: [.init(account.hie)] + account.numbers.map { .init($0.map { "\($0)" } ?? "-") }
                    + [account.addsUp ? .init("yes", .green) : .init("no", .red)])
        }
        screen.append(section)
        let wrong = accounts.filter { !$0.addsUp }.map(\.hie)
        guard !wrong.isEmpty else {
            screen.tell("accounts", "add-up")
            return screen.say(.init("The numbers add up: published = applied + held + discarded + behind.", .green))
        }
        screen.tell("accounts", "do-not-add-up", .init(wrong.joined(separator: ",")))
        screen.say(
            .init("The numbers do not add up for \(wrong.joined(separator: ", ")): run wherry index verify.", .red))
    }
}

extension DeadLetterStatus {
    /// One source's numbers.
    private struct Account {
        let hie: String
        /// Published, applied, held, discarded, behind; `nil` where one is not said.
        let numbers: [Int64?]
        let addsUp: Bool

        init(_ json: JSON) {
            hie = Table.Cell(json["hie"]?.text ?? "?").text
            numbers = ["published", "applied", "held", "discarded", "behind"].map { json[$0]?.integer }
            let parts = numbers.dropFirst().compactMap(\.self)
            let sum = parts.reduce(Int64(0)) { $0.addingReportingOverflow($1).partialValue }
            // What is counted in the index and in the letters is compared by the worker.
            addsUp = json["reconciled"]?.bool == true && parts.count == 4 && numbers[0] == sum
        }
    }
}
