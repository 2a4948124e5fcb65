import CareRecord
import Foundation
import LoadTest
import TestSupport
import Worker

/// Dead letters as the `sqlite3` program finds them in a worker's file.
struct KeptLetter: Sendable {
    let cause: String
    let detail: String
    let source: String?
    let queue: String
    let exchange: String
    let routingKey: String
    let body: String
    let count: Int64
    let properties: JSON

    var messageID: String? { properties["messageID"]?.text }
}

extension Mesh {
    func letters(_ hie: HIEIdentifier) async throws -> [KeptLetter] {
        let said = try await sqlite(
            hie, "deadletters.sqlite",
            """
            SELECT json_object('cause', cause, 'detail', detail, 'source', source, 'queue', queue, 'exchange', exchange,
                'routingKey', routingKey, 'body', lower(hex(body)), 'count', count, 'properties', json(properties))
            FROM letter JOIN content ON letter = id WHERE state = 'parked' ORDER BY id
            """)
        return try said.split(separator: "\n").map { line in
            let json = try JSON.parse(Array(line.utf8))
            return KeptLetter(
                cause: json["cause"]?.text ?? "", detail: json["detail"]?.text ?? "", source: json["source"]?.text,
                queue: json["queue"]?.text ?? "", exchange: json["exchange"]?.text ?? "",
                routingKey: json["routingKey"]?.text ?? "", body: json["body"]?.text ?? "",
                count: json["count"]?.integer ?? 0, properties: json["properties"] ?? .null)
        }
    }

    func letter(_ hie: HIEIdentifier, _ messageID: String) async throws -> KeptLetter? {
        try await letters(hie).first { $0.messageID == messageID }
    }

    /// Makes the broker put messages aside. Returns what has to come of it.
    func putAside(_ mode: String) async throws -> [JSON] {
        let output = directory.file("\(mode).json")
        try await Subprocess.run(
            "/usr/bin/python3",
            [packageDirectory + "/Tests/WorkerTests/dead_letters.py", brokerURL, mode, output])
        return try JSON.parse(Array(Data(contentsOf: URL(filePath: output)))).elements ?? []
    }
}
