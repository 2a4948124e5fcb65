import CareRecord

/// Letters by cause, source, type and age, the largest group first.
struct LetterGroups {
    struct Remedy: Hashable {
        let cause: String
        let count: Int64
        let sentence: String
        let remedy: String
    }

    private struct Group {
        let cause, source, type, age, oldest: String
        let count: Int64
    }

    private let groups: [Group]
    /// Of each cause, that with the most letters first.
    let remedies: [Remedy]

    /// `json` is the list's `groups`.
    init(_ json: JSON?) {
        let elements = json?.elements ?? []
        groups = elements.map { group in
            Group(
                cause: group["cause"]?.text ?? "?", source: group["source"]?.text ?? "unknown",
                type: group["type"]?.text ?? "", age: group["age"]?.text ?? "", oldest: group["oldest"]?.text ?? "",
                count: max(0, group["count"]?.integer ?? 0))
        }
        var counts: [(cause: String, count: Int64)] = []
        for group in groups {
            if let place = counts.firstIndex(where: { $0.cause == group.cause }) {
                counts[place].count = counts[place].count.addingReportingOverflow(group.count).partialValue
            } else {
                counts.append((group.cause, group.count))
            }
        }
        remedies = counts.sorted { $0.count > $1.count }.map { cause, count in
            let group = elements.first { $0["cause"]?.text == cause }
            return Remedy(
                cause: cause, count: count, sentence: group?["sentence"]?.text ?? "",
                remedy: group?["remedy"]?.text ?? "")
        }
    }

    var count: Int { groups.count }

    func section(groupsMax: Int = .max, isInteractive: Bool) -> Section {
        var section = Section(
            "By cause", .init("cause"), .init("source"), .init("type"), .init("age"), .init("count", .right),
            .init("oldest"))
        for group in groups.prefix(groupsMax) {
            section.append(
                "group", .init(group.cause), .init(group.source), .init(group.type), .init(group.age),
                .init("\(group.count)"), .init(isInteractive ? Age.since(group.oldest) : group.oldest))
        }
        return section
    }
}
