/// A curve in a table's cell; the number beside it tells what it cannot.
enum Sparkline {
    private static let width = 120.0
    private static let height = 24.0
    private static let pointsMax = 60

    /// `max` is the top: the sparklines of a table share it.
    static func svg(_ values: [Double], max top: Double) -> String {
        let span = Swift.max(1, (values.count + pointsMax - 1) / pointsMax)
        let shown = stride(from: 0, to: values.count, by: span).map { start in
            values[start..<min(values.count, start + span)].max() ?? 0
        }
        let scale = top > 0 ? top : 1
        let points = shown.enumerated().map { index, value in
            let x = Double(index) / Double(Swift.max(1, shown.count - 1)) * width
            let y = height - 1 - min(1, Swift.max(0, value / scale)) * (height - 2)
            return "\(Int(x.rounded())),\((y * 10).rounded() / 10)"
        }
        return "<svg class=\"spark\" viewBox=\"0 0 120 24\" aria-hidden=\"true\"><polyline points=\""
            + points.joined(separator: " ") + "\"/></svg>"
    }
}
