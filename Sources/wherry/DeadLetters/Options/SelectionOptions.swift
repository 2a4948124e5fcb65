import ArgumentParser
import Replication
import Storage

/// Which letters a verb is about. All that is given has to hold.
struct SelectionOptions: ParsableArguments {
    @Option(help: .init("Only these causes, joined by commas: \(Self.causes).", valueName: "list"))
    var cause: String?

    @Option(help: .init("Only these sources, joined by commas: ids of HIEs, or unknown.", valueName: "list"))
    var source: String?

    @Option(help: .init("Only messages of these types, joined by commas.", valueName: "list"))
    var type: String?

    @Option(help: .init("Only in these states, joined by commas: \(Self.states), or all.", valueName: "list"))
    var state: String?

    @Option(help: .init("Only from this queue.", valueName: "name"))
    var queue: String?

    @Option(help: .init("Only what came first so long ago, or longer: 2h, 3d.", valueName: "time"))
    var olderThan: String?

    @Option(help: .init("Only what came first since then.", valueName: "time"))
    var newerThan: String?

    @Option(
        help: .init(
            "Only with this in the detail, routing key, message id, type or resource, or of this NHS number.",
            valueName: "text"))
    var search: String?

    @Option(name: [.customLong("id"), .customLong("ids")], help: .init("Only these letters.", valueName: "list"))
    var id: String?

    private static let causes = Rejection.Cause.allCases.map(\.rawValue).joined(separator: ", ")
    private static let states = LetterState.allCases.map(\.rawValue).joined(separator: ", ")

    mutating func validate() throws {
        do {
            _ = try LetterSelection(given)
        } catch {
            throw ValidationError("\(error.option): \(error.reason)")
        }
    }

    var selection: LetterSelection {
        guard let selection = try? LetterSelection(given) else { preconditionFailure("it was checked before") }
        return selection
    }

    /// Refuses letters in other states than the one that an act is for.
    func check(isOnly wanted: LetterState, for act: String) throws {
        guard let state, state != wanted.rawValue else { return }
        throw ValidationError("--state: only letters that are \(wanted.rawValue) can be \(act)")
    }

    /// Refuses to take no option for everything.
    func checkIsGiven(_ all: LetterState, for act: String) throws {
        guard selection.isEmpty else { return }
        throw ValidationError(
            "say which letters are to be \(act), such as --cause schema or --id 4711; all that are \(all.rawValue): "
                + "--state \(all.rawValue)")
    }

    private var given: [LetterSelection.Name: String] {
        let all: [LetterSelection.Name: String?] = [
            .state: state, .cause: cause, .source: source, .type: type, .queue: queue, .id: id, .olderThan: olderThan,
            .newerThan: newerThan, .search: search,
        ]
        return all.compactMapValues(\.self)
    }
}
