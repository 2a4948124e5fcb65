import Foundation

/// Recorded values as HdrHistogram's text form of a percentile distribution (`.hgrm`), which its plotters read. Values
/// are in milliseconds.
///
/// The levels are those of HdrHistogram's `outputPercentileDistribution`: they halve the distance to 100 % and take so
/// many steps in each half.
struct HistogramLog {
    static let stepsPerHalf = 5
    private static let levelsMax = 1000

    struct Line: Equatable {
        let milliseconds: Double
        /// 0 to 1.
        let percentile: Double
        let count: UInt64
    }

    let lines: [Line]
    let total: UInt64
    let mean: Double
    let deviation: Double

    init(_ buckets: [LoadResult.Bucket], stepsPerHalf: Int = Self.stepsPerHalf) {
        let buckets = buckets.filter { $0.count > 0 }.sorted { $0.microseconds < $1.microseconds }
        let total = buckets.reduce(into: UInt64(0)) { $0 &+= $1.count }
        self.total = total
        let sum = buckets.reduce(0) { $0 + Double($1.microseconds) * Double($1.count) }
        let mean = total > 0 ? sum / Double(total) : 0
        let squares = buckets.reduce(0) { sum, bucket in
            let distance = Double(bucket.microseconds) - mean
            return sum + distance * distance * Double(bucket.count)
        }
        self.mean = mean / 1000
        deviation = total > 0 ? (squares / Double(total)).squareRoot() / 1000 : 0
        lines = Self.lines(buckets, total: total, stepsPerHalf: stepsPerHalf)
    }

    private static func lines(_ buckets: [LoadResult.Bucket], total: UInt64, stepsPerHalf: Int) -> [Line] {
        guard total > 0 else { return [] }
        var lines: [Line] = []
        var level = 0.0
        var index = 0
        var count = buckets[0].count
        while lines.count < levelsMax {
            let wanted = UInt64((level * Double(total)).rounded(.up))
            while count < wanted, index < buckets.count - 1 {
                index += 1
                count &+= buckets[index].count
            }
            let milliseconds = Double(buckets[index].microseconds) / 1000
            if index == buckets.count - 1, count >= total, level > 0 {
                lines.append(Line(milliseconds: milliseconds, percentile: 1, count: total))
                break
            }
            lines.append(Line(milliseconds: milliseconds, percentile: level, count: count))
            let halves = (log2(1 / (1 - level))).rounded(.down)
            level += 1 / (Double(stepsPerHalf) * pow(2, halves + 1))
        }
        return lines
    }

    var text: String {
        var text = "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
        for line in lines {
            text += String(format: "%12.3f %2.12f %10llu", line.milliseconds, line.percentile, line.count)
            // At 100 % there is no such number, and HdrHistogram leaves it out.
            if line.percentile < 1 { text += String(format: " %14.2f", 1 / (1 - line.percentile)) }
            text += "\n"
        }
        let max = lines.last?.milliseconds ?? 0
        text += String(format: "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean, deviation)
        text += String(format: "#[Max     = %12.3f, Total count    = %12llu]\n", max, total)
        // What HdrHistogram has for a range of an hour in microseconds with three digits.
        return text + String(format: "#[Buckets = %12d, SubBuckets     = %12d]\n", 22, 2048)
    }
}
