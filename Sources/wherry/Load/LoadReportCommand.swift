import ArgumentParser
import Foundation
import LoadTest

/// Shows a result that was written down.
struct LoadReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Show what a load test found.",
        discussion: """
            Prints the tables that wherry load run ended with. --html writes the page anew, such as of a result \
            that came from another machine.

            Examples:
              wherry load report load-results/smoke-20261124T120000Z
              wherry load report result.json --html report.html
            """)

    @Argument(help: .init("The directory of a run, or its result.json.", valueName: "run"), completion: .file())
    var run: String

    @Option(help: .init("Where the page goes, in place of tables.", valueName: "file"), completion: .file())
    var html: String?

    @OptionGroup var output: OutputOptions

    func validate() throws {
        if html != nil, output.isJSON { throw ValidationError("--html and --json are two forms: give one") }
    }

    func run() async throws {
        let result = try LoadResult.read(path: run)
        if let html {
            do {
                try LoadReportWriter.page(result).write(toFile: html, atomically: true, encoding: .utf8)
            } catch {
                throw CommandFailure(.failed, "\(html) cannot be written to: \(error.localizedDescription)")
            }
        } else if output.isJSON {
            Terminal.print(String(decoding: try LoadReportWriter.json(result), as: UTF8.self))
        } else {
            LoadSummary(result: result, directory: nil).screen(.current).print()
        }
    }
}

extension LoadResult {
    /// What is no result is refused input.
    static func read(path: String) throws -> LoadResult {
        do {
            return try LoadReportWriter.read(path: path)
        } catch {
            throw CommandFailure(.refused, error.description)
        }
    }
}
