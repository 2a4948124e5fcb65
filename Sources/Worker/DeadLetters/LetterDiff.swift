import AMQP
import CareRecord
import Replication

/// Two contents of a letter, line by line.
enum LetterDiff {
    /// Contents of more lines are only said to differ.
    private static let linesMax = 2000
    /// Unchanged lines around what changed.
    private static let contextLines = 2

    /// Lines that begin with a space, `-` or `+`; none where nothing differs.
    static func lines(
        from before: (message: Message, routingKey: String), to after: (message: Message, routingKey: String)
    ) -> [String] {
        let old = lines(before.message, before.routingKey)
        let new = lines(after.message, after.routingKey)
        guard old != new else { return [] }
        guard old.count <= linesMax, new.count <= linesMax else {
            return ["-\(before.message.body.count) bytes", "+\(after.message.body.count) bytes"]
        }
        return merged(old, new)
    }

    /// What differs, and the lines around it.
    private static func merged(_ old: [String], _ new: [String]) -> [String] {
        let lines = LineComparison.lines(old, new)
        let near = lines.indices.filter { index in
            lines[max(0, index - contextLines)...min(lines.count - 1, index + contextLines)].contains {
                !$0.hasPrefix(" ")
            }
        }
        return near.map { lines[$0] }
    }

    /// Properties, headers, and the body: JSON a member a line, other text as it is, other bytes in hexadecimal digits.
    private static func lines(_ message: Message, _ routingKey: String) -> [String] {
        var lines = ["routing key: \(routingKey)"]
        if let type = message.type { lines.append("type: \(type)") }
        if let app = message.appID { lines.append("app id: \(app)") }
        for (name, field) in message.headers.sorted(by: { $0.key < $1.key }) {
            lines.append("header \(name): \(String(decoding: field.json.serialized(), as: UTF8.self))")
        }
        guard let text = String(validating: message.body, as: UTF8.self) else {
            return lines + message.body.chunks(of: 32).map { $0.hexadecimal }
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            guard let object = try? JSON.parse(Array(line.utf8)).object else {
                lines.append(String(line))
                continue
            }
            lines += object.members.map { "\($0.name): \(String(decoding: $0.value.serialized(), as: UTF8.self))" }
        }
        return lines
    }
}

extension [UInt8] {
    fileprivate func chunks(of size: Int) -> [ArraySlice<UInt8>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
