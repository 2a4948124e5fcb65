import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing

/// A verb of `wherry` that serves on a free port until its owner lets go of it.
final class ServingProcess: Sendable {
    let target: LoadTarget
    private let process: ChildProcess

    init(_ arguments: [String]) async throws {
        let directory = try TemporaryDirectory()
        let output = directory.file("output")
        let process = try ChildProcess(wherryExecutable, arguments, output: output, errors: directory.file("errors"))
        self.process = process
        var address: URL?
        let isServing = await eventually {
            let said = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            let line = said.split(separator: "\n").first { $0.contains(" listening on ") }
            address = line?.split(separator: " ").last.flatMap { URL(string: String($0)) }
            return address?.port != nil || !process.isRunning
        }
        target = LoadTarget(
            hie: try #require(HIEIdentifier("barts")), host: "127.0.0.1",
            port: try #require(isServing ? address?.port : nil))
    }

    deinit { process.signal(SIGKILL) }
}
