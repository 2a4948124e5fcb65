import Foundation
package import LoadTest

extension WorkerProcess {
    /// The `wherry` that was built with these tests: it stands beside the test bundle.
    package static let executable: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(filePath: bundle).deletingLastPathComponent().appending(path: "wherry").path
        return FileManager.default.isExecutableFile(atPath: beside) ? beside : packageDirectory + "/.build/debug/wherry"
    }()

    /// Starts its `wherry worker`.
    package static func start(_ arguments: [String], log: String) async throws -> WorkerProcess {
        try await start(executable: executable, arguments, log: log)
    }
}
