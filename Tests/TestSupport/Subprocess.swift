import Foundation

/// Runs a command to its end without blocking the tests' threads.
package enum Subprocess {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What it wrote to standard output; throws with its standard error when its status is not 0.
    @discardableResult
    package static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> String {
        // Files: a pipe that a longer-lived child of the command holds would never end.
        let directory = try TemporaryDirectory()
        let (output, errors) = (directory.file("output"), directory.file("errors"))
        let process = try ChildProcess(path, arguments, environment: environment, output: output, errors: errors)
        let status = await process.ended()
        guard status == 0 else {
            let said = try String(contentsOfFile: errors, encoding: .utf8)
            throw Failure(description: "\(path) \(arguments.first ?? ""): status \(status): \(said)")
        }
        return String(decoding: try Data(contentsOf: URL(filePath: output)), as: UTF8.self)
    }
}
