/// A chart: curves over one horizontal axis. ``svg(id:)`` draws it; the page needs no script to show it.
struct Plot {
    /// More points than this are not drawn of one curve (``thinned(_:by:)``).
    static let pointsMax = 600

    struct Point: Equatable {
        let x: Double
        /// `nil` where there is nothing: the curve has a gap.
        let y: Double?
    }

    struct Series {
        let name: String
        /// One of the page's colours, `c0` to `c6`.
        let colour: String
        var isDashed = false
        /// Each point has a mark of its own, where they are few.
        var hasMarks = false
        let points: [Point]
    }

    /// A span of the horizontal axis that stands out.
    struct Band {
        let label: String
        let from: Double
        let until: Double
    }

    /// A horizontal line to compare with.
    struct Level {
        let label: String
        let value: Double
    }

    enum Size {
        case large
        case small

        var width: Double {
            switch self {
            case .large: 860
            case .small: 330
            }
        }

        var height: Double {
            switch self {
            case .large: 400
            case .small: 170
            }
        }
    }

    let title: String
    /// What is to be known to read it.
    let note: String
    let x: PlotScale
    let y: PlotScale
    /// Behind a value of the axis, in words of the pointer's label: `ms`, `/s`.
    let yUnit: String
    /// What the horizontal axis is.
    let xKind: XKind
    let series: [Series]
    var bands: [Band] = []
    var levels: [Level] = []
    var size = Size.large

    enum XKind: String {
        case time
        case spectrum
        case count
    }

    /// How points that are drawn as one become one.
    enum Merging {
        case mean
        case worst
    }

    /// Not more than ``pointsMax`` points, each of a span of the axis; a gap stays where there is nothing in a span.
    static func thinned(_ points: [Point], by merging: Merging) -> [Point] {
        guard points.count > pointsMax else { return points }
        let span = spanOfPoint(points.count)
        return stride(from: 0, to: points.count, by: span).map { start in
            let part = points[start..<min(points.count, start + span)]
            let values = part.compactMap(\.y)
            let last = part[part.endIndex - 1].x
            guard !values.isEmpty else { return Point(x: last, y: nil) }
            switch merging {
            case .mean: return Point(x: last, y: values.reduce(0, +) / Double(values.count))
            case .worst: return Point(x: last, y: values.max())
            }
        }
    }

    /// How many of so many points become one.
    static func spanOfPoint(_ count: Int) -> Int { max(1, (count + pointsMax - 1) / pointsMax) }
}
