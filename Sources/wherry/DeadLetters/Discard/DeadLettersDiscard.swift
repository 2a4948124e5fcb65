import ArgumentParser
import CareRecord
import Storage

/// Decides that letters are not wanted.
struct DeadLettersDiscard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discard",
        abstract: "Decide that dead letters are not wanted. They can be restored until they are forgotten.",
        discussion: """
            Shows what is selected, and on a terminal asks to type how many letters that are. Elsewhere --yes is \
            needed, or --count with that number; where there are more or fewer, nothing is done.

            Examples:
              wherry deadletters discard --id 4711 --reason "a test of the vendor's" --from http://127.0.0.1:8080
              wherry deadletters discard --cause unknown-type --reason "nobody's" --count 12 --from 127.0.0.1:8080
            """)

    @OptionGroup var selection: SelectionOptions

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @OptionGroup var who: OperatorOptions
    @OptionGroup var why: ReasonOptions
    @OptionGroup var consent: ConsentOptions
    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        try selection.check(isOnly: .parked, for: "discarded")
        try selection.checkIsGiven(.parked, for: "discarded")
    }

    func run() async throws {
        try await WorkerClient.with(from) { client in
            let act = CountedAct(kind: .discard, client: client, selection: selection.selection, output: output)
            try await act.run(by: who.name, reason: why.reason, consent.consent)
        }
    }
}
