import Foundation
import LoadTest

/// A second of a load test in one line of text.
enum LoadLine {
    /// Such as `30 s  changes 1000/s  lookups 50/s  lookup p99 3.1 ms  backlog 12  killing broker-1`.
    static func text(_ sample: LoadSample, _ faults: [LoadResult.FaultResult]) -> String {
        var parts = ["\(Int(sample.at)) s"]
        parts += sample.rates.sorted { $0.key < $1.key }.map { "\($0.key) \(Int($0.value.rounded()))/s" }
        parts += sample.p99.sorted { $0.key < $1.key }.map { "\($0.key) p99 \(String(format: "%.1f", $0.value)) ms" }
        let backlog = sample.backlog.values.reduce(0, +)
        if backlog > 0 { parts.append("backlog \(backlog)") }
        if sample.errors > 0 { parts.append("errors \(sample.errors)") }
        for fault in faults where fault.from <= sample.at && sample.at < fault.until {
            parts.append("\(fault.kind) \(fault.target)")
        }
        return parts.joined(separator: "  ")
    }
}
