import CareRecord
import HTTPTypes
import Hummingbird
import NIOCore
import Storage
import Worker

/// `GET /api/progress`: how far the own journal reaches and is published, and how far every source is applied, as
/// server-sent events while that moves.
struct ProgressRoute: Sendable {
    let worker: Worker

    /// Whoever follows is told of what moved within this together.
    private static let gapMilliseconds = 2
    /// Tells that the connection lives while nothing moves.
    private static let restSeconds = 10

    func get(_ request: Request) -> Response {
        .events(to: request) { try await follow(&$0) }
    }

    private func follow(_ writer: inout any ResponseBodyWriter) async throws {
        var told: WorkerProgress?
        let (wakes, wake) = AsyncStream.makeStream(of: Bool.self, bufferingPolicy: .bufferingNewest(1))
        let worker = worker
        try await withThrowingTaskGroup { group in
            if let records = worker.records {
                group.addTask { for await _ in records.head.heads() { wake.yield(true) } }
            }
            group.addTask { for await _ in worker.published.heads() { wake.yield(true) } }
            group.addTask { for await _ in worker.coverageBoard.watermarks.values() { wake.yield(true) } }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(Self.restSeconds))
                    wake.yield(false)
                }
            }
            defer { group.cancelAll() }
            for await _ in wakes {
                let progress = worker.progress
                if let event = progress.event(after: told) {
                    try await writer.write(event: "progress", event)
                    told = progress
                } else {
                    try await writer.write(ByteBuffer(string: ":\n\n"))
                }
                try await Task.sleep(for: .milliseconds(Self.gapMilliseconds))
            }
        }
    }
}

extension WorkerProgress {
    /// What is not as it was told, everything where nothing was; `nil` when nothing moved.
    fileprivate func event(after told: WorkerProgress?) -> [UInt8]? {
        guard self != told else { return nil }
        return JSONWriter.text { json in
            if head != told?.head { json.member("head", head) }
            if publishedThrough != told?.publishedThrough { json.member("publishedThrough", publishedThrough) }
            let moved = watermarks.filter { told?.watermarks[$0.key] != $0.value }
            guard !moved.isEmpty else { return }
            // Nothing in an HIE's identifier or a number needs an escape.
            let members = moved.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }
            json.member("sources", raw: "{\(members.joined(separator: ","))}".utf8)
        }
    }
}
