import Foundation
import LoadTest

/// The directory that a load test's results go to.
struct ResultDirectory {
    let path: String
    /// Whether it was made here.
    private let isMade: Bool

    /// Made where it is missing, and tried before anything is measured: it would be too late afterwards.
    init(_ path: String) throws {
        self.path = path
        isMade = !FileManager.default.fileExists(atPath: path)
        let trial = "\(path)/.trial-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: trial))
            try FileManager.default.removeItem(atPath: trial)
        } catch {
            throw CommandFailure(
                .refused, "results cannot be written to \(path): give a directory that can with --out DIR")
        }
    }

    func write(_ result: LoadResult) throws {
        do {
            try LoadReportWriter.write(result, to: path)
        } catch {
            throw CommandFailure(.failed, "the results cannot be written to \(path): \(error)")
        }
    }

    /// The result as it was written.
    func json() throws -> String { try String(contentsOfFile: "\(path)/result.json", encoding: .utf8) }

    /// Leaves no trace of a run that came to nothing.
    func removeIfEmpty() {
        if isMade { rmdir(path) }
    }
}
