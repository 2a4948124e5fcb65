import ArgumentParser
import CareRecord
import Storage

/// Parks again what was discarded.
struct DeadLettersRestore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Park dead letters again that were discarded.",
        discussion: """
            Shows what is selected, and on a terminal asks to type how many letters that are. Elsewhere --yes is \
            needed, or --count with that number; where there are more or fewer, nothing is done.

            Example:
              wherry deadletters restore --id 4711 --reason "needed after all" --from http://127.0.0.1:8080
            """)

    @OptionGroup var selection: SelectionOptions

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions
    @OptionGroup var why: ReasonOptions
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        try selection.check(isOnly: .discarded, for: "restored")
        try selection.checkIsGiven(.discarded, for: "restored")
    }

    func run() async throws {
        try await WorkerClient.with(from) { client in
            let act = CountedAct(kind: .restore, client: client, selection: selection.selection, output: output)
            try await act.run(by: who.name, reason: why.reason, consent.consent)
        }
    }
}
