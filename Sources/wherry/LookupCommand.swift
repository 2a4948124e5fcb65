import ArgumentParser
import CareRecord
import Foundation

/// Asks a worker what its index holds of a patient.
struct LookupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup",
        abstract: "Show what every HIE holds about a patient, from the worker's index.",
        discussion: """
            The answer comes from the worker's own index at once, whatever is the matter elsewhere, and says for every \
            HIE how complete it is. Exit status 2 when the number is not an NHS number.

            Into a pipe it prints one line an entry, tab-separated, the kind first.

            Examples:
              wherry lookup 9990000018 --from http://127.0.0.1:8080
              wherry lookup "999 000 0018" --from 127.0.0.1:8080 --category allergy,medication --json
            """)

    @Argument(help: .init("Ten digits; spaces are allowed.", valueName: "nhs-number"))
    var nhsNumber: String

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Option(help: .init("Only these, joined by commas: \(Self.categories).", valueName: "list"))
    var category: String?

    @OptionGroup var output: OutputOptions

    private static let categories = Category.allCases.map(\.rawValue).joined(separator: ", ")

    mutating func validate() throws {
        _ = try NHSNumber(argument: nhsNumber)
        for name in category?.split(separator: ",") ?? [] where Category(rawValue: String(name)) == nil {
            throw ValidationError("there is no category \(name); there are \(Self.categories)")
        }
    }

    func run() async throws {
        let number = try NHSNumber(argument: nhsNumber)
        let query = category.map { "?category=\($0)" } ?? ""
        let reply = try await WorkerClient.with(from) { try await $0.get("/api/patients/\(number.text)\(query)") }
        let json = try reply.json(from: from)
        if output.isJSON {
            Terminal.print(String(decoding: reply.body, as: UTF8.self))
        } else {
            LookupView(json).print()
        }
    }
}
