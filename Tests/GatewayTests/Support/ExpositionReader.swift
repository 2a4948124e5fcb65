import Foundation

/// Reads the Prometheus text format 0.0.4 and refuses what promtool would complain of.
struct ExpositionReader {
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    private var samples: [String: Double] = [:]
    private var types: [String: String] = [:]
    private var helped: Set<String> = []

    func value(_ name: String, _ labels: [String: String]) -> Double? { samples[Self.key(name, labels)] }

    static func read(_ text: String) throws -> ExpositionReader {
        guard text.hasSuffix("\n") else { throw Mistake(description: "the last line has no end") }
        var reader = ExpositionReader()
        for line in text.split(separator: "\n") { try reader.read(String(line)) }
        return reader
    }

    private mutating func read(_ line: String) throws {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        if words.first == "#" {
            guard words.count == 4 else { throw Mistake(description: line) }
            switch words[1] {
            case "HELP":
                guard helped.insert(words[2]).inserted else { throw Mistake(description: "twice: \(line)") }
            case "TYPE":
                guard helped.contains(words[2]), types[words[2]] == nil,
                    ["counter", "gauge", "histogram"].contains(words[3])
                else { throw Mistake(description: line) }
                types[words[2]] = words[3]
            default: throw Mistake(description: line)
            }
            return
        }
        guard let match = line.wholeMatch(of: /([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)/),
            let value = Double(String(match.3).replacingOccurrences(of: "+Inf", with: "inf"))
        else { throw Mistake(description: line) }
        let name = String(match.1)
        var labels: [String: String] = [:]
        var rest = Substring(match.2 ?? "")
        while !rest.isEmpty {
            guard let label = rest.prefixMatch(of: /([a-z_][a-z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)",?/),
                labels.updateValue(String(label.2), forKey: String(label.1)) == nil
            else { throw Mistake(description: line) }
            rest = rest[label.range.upperBound...]
        }
        try check(name, line)
        guard samples.updateValue(value, forKey: Self.key(name, labels)) == nil else {
            throw Mistake(description: "twice: \(line)")
        }
    }

    /// A sample follows the TYPE of its metric; counters and nothing else end in `_total`.
    private func check(_ name: String, _ line: String) throws {
        let family =
            ["_bucket", "_sum", "_count"].first {
                name.hasSuffix($0) && types[String(name.dropLast($0.count))] == "histogram"
            }
            .map { String(name.dropLast($0.count)) } ?? name
        guard let type = types[family], (type == "counter") == name.hasSuffix("_total") else {
            throw Mistake(description: "no fitting TYPE: \(line)")
        }
    }

    private static func key(_ name: String, _ labels: [String: String]) -> String {
        name + labels.sorted { $0.key < $1.key }.map { ",\($0.key)=\($0.value)" }.joined()
    }
}
