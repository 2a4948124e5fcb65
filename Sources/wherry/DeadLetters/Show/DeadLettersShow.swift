import ArgumentParser
import CareRecord
import Foundation

/// Explains one dead letter.
struct DeadLettersShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show everything about one dead letter.",
        discussion: """
            What it is and what to do about it, where it came from, the message decoded and as it is, what the index \
            holds of the record now, what a replay would do, and what was done to the letter so far.

            Nothing of a message reaches the terminal's controls: what is no text is shown as its name. With --body \
            the bytes of the body are printed and nothing else, as they are where they go into a pipe or a file.

            Examples:
              wherry deadletters show 4711 --from http://127.0.0.1:8080
              wherry deadletters show 4711 --from 127.0.0.1:8080 --body > letter
            """)

    @Argument(help: .init("The letter's number, as list shows it.", valueName: "id"))
    var id: Int64

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Flag(help: "Show all lines of the message, however many there are.")
    var raw = false

    @Flag(help: "Print the body and nothing else.")
    var body = false

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        try LetterNumber.check(id)
        if body, raw || output.isJSON { throw ValidationError("--body excludes --raw and --json") }
    }

    func run() async throws {
        let reply = try await WorkerClient.with(from) { try await $0.get(LetterNumber.path(id), secondsMax: 60) }
        let json = try reply.json(from: from)
        if output.isJSON {
            Terminal.print(String(decoding: reply.body, as: UTF8.self))
        } else if body {
            printBody(LetterContent(json))
        } else {
            let page = LetterPage(json, url: from, bodyLinesMax: raw ? .max : LetterPage.bodyLinesMax)
            page.screen(.current).print()
        }
    }

    private func printBody(_ content: LetterContent) {
        guard Terminal.isTerminal else {
            // A reader that has gone away ends the output and is no error of ours.
            try? FileHandle.standardOutput.write(contentsOf: Data(content.body))
            return
        }
        let lines = content.text.map { VisibleText.lines($0) } ?? HexDump.lines(content.body)
        if !lines.isEmpty { Terminal.print(lines.joined(separator: "\n")) }
    }
}

/// A letter's number on the command line.
enum LetterNumber {
    static func check(_ id: Int64) throws {
        guard id > 0 else { throw ValidationError("a letter's number is above 0, such as 4711") }
    }

    static func path(_ id: Int64) -> String { "/api/deadletters/\(id)" }
}
