import CareRecord
import Foundation

extension Baselines {
    package static let connectionsMax = 256

    /// Answers/s that a client gets which sends the next request of a connection when it has the answer to the last
    /// one, and the bytes of a body in the mean. Each connection asks for the paths in turn.
    package static func http(
        target: LoadTarget, paths: [String], connections: Int, seconds: Double
    ) async throws -> (perSecond: Double, bytes: Int) {
        precondition(!paths.isEmpty && (1...connectionsMax).contains(connections), "somebody asks for something")
        let requests = paths.map { PlainConnection.request($0, of: target) }
        return try await onThread { try closedLoop(target, requests, connections: connections, seconds: seconds) }
    }

    /// How long each request took over one connection, in seconds.
    static func answerTimes(of target: LoadTarget, paths: [String]) async throws -> [Double] {
        let requests = paths.map { PlainConnection.request($0, of: target) }
        return try await onThread {
            let connection = try PlainConnection(target)
            return try requests.map { request in
                try Self.seconds {
                    try connection.send(request)
                    _ = try connection.receive()
                }
            }
        }
    }

    /// One answer, as text.
    static func answer(of target: LoadTarget, path: String) async throws -> String {
        try await onThread {
            let connection = try PlainConnection(target)
            try connection.send(PlainConnection.request(path, of: target))
            return String(decoding: try connection.receive(), as: UTF8.self)
        }
    }

    /// One thread serves all connections in turn: with as many under way as there are, whichever is late is waited for
    /// while the server has others to do.
    private static func closedLoop(
        _ target: LoadTarget, _ requests: [[UInt8]], connections count: Int, seconds: Double
    ) throws(LoadTestError) -> (perSecond: Double, bytes: Int) {
        var connections: [PlainConnection] = []
        for _ in 0..<count { connections.append(try PlainConnection(target)) }
        var next = 0
        var (answers, bytes) = (0, 0)
        let began = ContinuousClock.now
        let end = began + .seconds(seconds)
        func ask(_ connection: PlainConnection) throws(LoadTestError) {
            try connection.send(requests[next % requests.count])
            next += 1
        }
        for connection in connections { try ask(connection) }
        while ContinuousClock.now < end {
            for connection in connections {
                bytes += try connection.receive().count
                answers += 1
                try ask(connection)
            }
        }
        let elapsed = (ContinuousClock.now - began).seconds
        return (Double(answers) / elapsed, bytes / max(1, answers))
    }

    /// Runs what blocks on a thread of its own.
    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
    {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
        }
    }
}
