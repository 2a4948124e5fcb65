import Foundation

/// Runs a command to its end without blocking the threads that tasks share.
package enum Subprocess {
    /// A command that takes longer is killed.
    package static let secondsMax: Double = 1800
    private static let errorCharactersMax = 20_000

    /// What it wrote to standard output; throws with the end of its standard error when its status is not 0.
    ///
    /// It runs to its end also where the caller's task is cancelled. A signal from the terminal does not reach it.
    @discardableResult
    package static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:],
        secondsMax: Double = Self.secondsMax
    ) async throws(LoadTestError) -> String {
        // Files: a pipe that a longer-lived child of the command holds would never end.
        let directory = FileManager.default.temporaryDirectory.appending(path: "wherry-command-\(UUID().uuidString)")
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        } catch {
            throw LoadTestError(.file, "\(directory.path) cannot be made: \(error.localizedDescription)", cause: error)
        }
        defer { try? FileManager.default.removeItem(at: directory) }
        let output = directory.appending(path: "output")
        let errors = directory.appending(path: "errors")
        let process = try ChildProcess(
            path, arguments, environment: environment, group: .own, output: output.path, errors: errors.path)
        let command = "\(path) \(arguments.first ?? "")"
        guard let status = await process.ended(within: secondsMax) else {
            process.signal(SIGKILL)
            throw LoadTestError(.process, "\(command) did not end within \(Int(secondsMax)) s")
        }
        guard status == 0 else {
            let said = text(errors).suffix(errorCharactersMax)
            throw LoadTestError(.process, "\(command): status \(status): \(said)")
        }
        return text(output)
    }

    private static func text(_ file: URL) -> String {
        String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    }
}
