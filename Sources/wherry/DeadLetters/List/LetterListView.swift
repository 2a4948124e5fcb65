import CareRecord

/// One screen about the letters of a selection: what there is of each cause and what to do about it, then the letters
/// themselves, then what to type next.
struct LetterListView {
    /// How much of it is shown.
    enum Extent {
        case groups
        /// And the newest letters, the newest first.
        case newest
        /// And the letters from some number on, in order.
        case following
    }

    /// To people; programs get all.
    static let groupsMax = 12
    private static let remediesMax = 3

    let selection: LetterSelection
    let url: WorkerURL
    let total: Int64
    let groups: LetterGroups
    let letters: [LetterLine]
    let extent: Extent

    /// `letters` are in the order of their numbers.
    init(_ json: JSON, letters: [JSON], selection: LetterSelection, url: WorkerURL, extent: Extent) {
        self.selection = selection
        self.url = url
        self.extent = extent
        total = json["total"]?.integer ?? 0
        groups = LetterGroups(json["groups"])
        let lines = letters.map { LetterLine($0) }
        switch extent {
        case .groups: self.letters = []
        case .newest: self.letters = lines.reversed()
        case .following: self.letters = lines
        }
    }

    /// `no dead letters: nothing waits for you`.
    var emptyText: String {
        selection.isEmpty
            ? "no dead letters: nothing waits for you"
            : "no dead letters with \(selection.words): nothing waits for you"
    }

    func screen(_ look: Screen.Look) -> Screen {
        var screen = Screen(look)
        guard total > 0 else {
            screen.say(.init(emptyText, .green))
            return screen
        }
        let words = selection.isEmpty ? "" : " with \(selection.words)"
        screen.say(.init(total == 1 ? "1 dead letter\(words)" : "\(total) dead letters\(words)", .bold))
        screen.space()
        appendGroups(to: &screen)
        appendRemedies(to: &screen)
        screen.append(LetterLine.section(letters, lettersTitle, isInteractive: look.isInteractive))
        appendNext(to: &screen)
        return screen
    }

    private var lettersTitle: String {
        switch extent {
        case .groups: ""
        case .newest: Int64(letters.count) < total ? "The newest \(letters.count)" : "Letters, the newest first"
        case .following: "Letters, in order of their number"
        }
    }

    private func appendGroups(to screen: inout Screen) {
        let isCut = screen.look.isInteractive && extent != .groups && groups.count > Self.groupsMax
        screen.append(
            groups.section(
                groupsMax: isCut ? Self.groupsMax : .max, isInteractive: screen.look.isInteractive))
        guard isCut else { return }
        screen.say(.init("  … and \(groups.count - Self.groupsMax) more groups: list --group shows them all", .dim))
        screen.space()
    }

    /// The whole sentences: what is cut off tells nobody what to do.
    private func appendRemedies(to screen: inout Screen) {
        let all = extent == .groups ? groups.remedies[...] : groups.remedies.prefix(Self.remediesMax)
        for remedy in all {
            screen.say(.init("\(remedy.cause) (\(remedy.count)): \(remedy.sentence)", .yellow))
            screen.say(.init("  \(remedy.remedy)"))
            screen.tell("remedy", .init(remedy.cause), .init(remedy.sentence), .init(remedy.remedy))
        }
        screen.space()
    }

    private func appendNext(to screen: inout Screen) {
        if let first = letters.first {
            screen.say(.init("one letter:         \(Invocation.text("show", [first.id], from: url))", .dim))
        }
        screen.say(.init("what a replay does: \(Invocation.text("plan", selection.arguments, from: url))", .dim))
    }
}
