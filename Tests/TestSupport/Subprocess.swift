import Foundation

/// Runs a command to its end without blocking the tests' threads.
package enum Subprocess {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// What it wrote to standard output; throws with its standard error when its status is not 0. Output to 64 KiB.
    @discardableResult
    package static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        guard process.terminationStatus == 0 else {
            let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            throw Failure(description: "\(path) \(arguments.first ?? ""): status \(process.terminationStatus): \(said)")
        }
        return text
    }
}
