/// The question before something is done to many letters: who does it types how many they are.
struct Confirmation {
    /// What was said on the command line already.
    struct Consent {
        /// `--yes`.
        var isGiven = false
        /// `--count`.
        var count: Int?
    }

    /// What happens to them: `discard`.
    let act: String
    let count: Int
    /// Who is reached by it, where that is to be said: ` to everybody`.
    var target = ""

    var prompt: String { "type \(count) to \(act) \(Invocation.letters(count))\(target): " }

    /// Returns when it may be done. `ask` shows a prompt and returns the line that is typed; it is `nil` where nobody
    /// can be asked.
    func obtain(_ consent: Consent, ask: ((_ prompt: String) -> String?)?) throws(CommandFailure) {
        if let said = consent.count, said != count {
            throw CommandFailure(
                .refused, "there are \(Invocation.letters(count)), not \(said): look again; nothing was done")
        }
        guard !consent.isGiven, consent.count == nil else { return }
        guard let ask else {
            throw CommandFailure(
                .refused,
                "nobody can be asked here whether to \(act) \(Invocation.letters(count))\(target): give --yes")
        }
        try check(ask(prompt))
    }

    /// `1204`, also with the separators that people write.
    private func check(_ line: String?) throws(CommandFailure) {
        let digits = (line ?? "").filter { !$0.isWhitespace && $0 != "," && $0 != "." }
        guard let typed = Int(digits), typed == count else {
            throw CommandFailure(.refused, "that is not \(count): nothing was done")
        }
    }
}

/// A question that is answered with yes or no.
struct YesOrNo {
    let question: String

    func obtain(_ isGiven: Bool, ask: ((_ prompt: String) -> String?)?) throws(CommandFailure) {
        guard !isGiven else { return }
        guard let ask else {
            throw CommandFailure(.refused, "nobody can be asked here (\(question)): give --yes")
        }
        guard Self.isYes(ask("\(question) (yes or no): ")) else {
            throw CommandFailure(.refused, "nothing was done")
        }
    }

    static func isYes(_ line: String?) -> Bool {
        ["y", "yes"].contains((line ?? "").filter { !$0.isWhitespace }.lowercased())
    }
}

extension Terminal {
    /// Asks on standard error and reads a line of standard input; `nil` where no person is there.
    static var ask: ((_ prompt: String) -> String?)? {
        guard isInputTerminal, isErrorTerminal else { return nil }
        return { prompt in
            drawError(prompt)
            return readLine(strippingNewline: true)
        }
    }
}
