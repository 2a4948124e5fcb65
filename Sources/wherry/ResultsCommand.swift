import ArgumentParser
import CareRecord
import Foundation
import Gateway
import Topology

/// Asks a worker whether something was done already.
struct ResultsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Show which results, procedures and imaging of a patient exist anywhere, the newest first.",
        discussion: """
            The answer comes from the worker's own index at once and says for every HIE how complete it is. Exit \
            status 0 whether something was found or not, 2 when the number, a code or the date is none.

            An index entry keeps one coding of a resource: its first SNOMED CT coding, or else its first. The others \
            are not known, so a result that has both is not found by its LOINC code: give all the codes of an \
            investigation together. What shows no code (a pointer, a text) may be what is looked for, and is listed \
            apart; what has no date that can be read comes last.

            Into a pipe it prints one line an entry, tab-separated, the kind first: result, procedure, imaging, \
            unjudged, left-out, coverage.

            Examples:
              wherry results 9990000018 --from http://127.0.0.1:8080
              wherry results 9990000018 --from 127.0.0.1:8080 --code 40701008,http://loinc.org\\|34552-0 --since 2024-03
              wherry results "999 000 0018" --from 127.0.0.1:8080 --since 90d --json
            """)

    @Argument(help: .init("Ten digits; spaces are allowed.", valueName: "nhs-number"))
    var nhsNumber: String

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Option(
        help: .init(
            "Only these SNOMED CT or LOINC codes, joined by commas, each with or without its system: system|code.",
            valueName: "list"))
    var code: String?

    @Option(help: .init("Only what was done since: 2024, 2024-03, 2024-03-01, or 90d ago.", valueName: "date"))
    var since: SinceDay?

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        _ = try NHSNumber(argument: nhsNumber)
        do {
            _ = try code.map { try CodeFilter($0) }
        } catch let error as CodeFilter.Invalid {
            throw ValidationError("--code: \(error.reason)")
        }
    }

    func run() async throws {
        let number = try NHSNumber(argument: nhsNumber)
        let query = [code.map { "code=\($0.percentEncoded)" }, since.map { "since=\($0.date)" }].compactMap(\.self)
        let path = "/api/patients/\(number.text)/results" + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
        let reply = try await WorkerClient.with(from) { try await $0.get(path) }
        let json = try reply.json(from: from)
        if output.isJSON {
            Terminal.print(String(decoding: reply.body, as: UTF8.self))
        } else {
            ResultsView(json).print()
        }
    }
}
