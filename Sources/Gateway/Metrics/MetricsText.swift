/// Writes metrics in the text format that Prometheus reads (Prometheus documentation, exposition formats, 0.0.4).
struct MetricsText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    typealias Labels = KeyValuePairs<String, String>

    private(set) var text = ""

    /// One metric with all its samples.
    mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ samples: [(labels: Labels, value: Double)]) {
        begin(name, kind, help)
        for sample in samples { line(name, sample.labels, sample.value) }
    }

    mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        begin(name, kind, help)
        line(name, [:], value)
    }

    mutating func metric(_ name: String, _ kind: Kind, _ help: String, _ value: Int64) {
        metric(name, kind, help, Double(value))
    }

    mutating func histogram(_ name: String, _ help: String, _ snapshot: LatencyHistogram.Snapshot) {
        begin(name, .histogram, help)
        var total: Int64 = 0
        for (bound, count) in zip(LatencyHistogram.boundsSeconds + [.infinity], snapshot.counts) {
            total += count
            line("\(name)_bucket", ["le": Self.number(bound)], Double(total))
        }
        line("\(name)_sum", [:], snapshot.sumSeconds)
        line("\(name)_count", [:], Double(total))
    }

    private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: Double) {
        let list = labels.map { "\($0.key)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        text += "\(name)\(list.isEmpty ? "" : "{\(list)}") \(Self.number(value))\n"
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }

    /// Whole numbers without a fraction, so that a sequence number stays readable.
    private static func number(_ value: Double) -> String {
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map(String.init) ?? String(value)
    }
}
