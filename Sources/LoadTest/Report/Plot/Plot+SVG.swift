import CareRecord

extension Plot {
    private static let charactersWidth = 7.4
    private static let laneHeight = 16.0
    private static let lanesMax = 4

    /// The part of the picture that the axes enclose.
    private struct Box {
        let left, right, top, bottom: Double

        func x(_ share: Double) -> Double { left + share * (right - left) }
        func y(_ share: Double) -> Double { bottom - share * (bottom - top) }
    }

    /// A figure with its caption, its key and the picture.
    func figure(id: String) -> String {
        let isSmall = if case .small = size { true } else { false }
        var html = "<figure class=\"plot\(isSmall ? " small" : "")\" id=\"\(id)\">\n"
        html += "<figcaption><span class=\"name\" id=\"\(id)-name\">\(title.escapedForHTML)</span>"
        html += "<span class=\"note\" id=\"\(id)-note\">\(note.escapedForHTML)</span></figcaption>\n"
        html += key
        html += "<div class=\"scroll\" role=\"group\" aria-labelledby=\"\(id)-name\" tabindex=\"0\">\n"
        return html + svg(id: id) + "</div>\n</figure>\n"
    }

    /// A curve alone needs no key: the caption names it.
    private var key: String {
        guard series.count > 1 else { return "" }
        let items = series.map { series in
            let line = series.isDashed ? "line dashed" : "line"
            return "<li><span class=\"\(line) \(series.colour)\" aria-hidden=\"true\"></span>"
                + "\(series.name.escapedForHTML)</li>"
        }
        return "<ul class=\"key\">\(items.joined())</ul>\n"
    }

    private func svg(id: String) -> String {
        let lanes = self.lanes
        let laneCount = lanes.map { $0 + 1 }.max() ?? 0
        let labelWidth = (y.ticks.map(\.label.count).max() ?? 1)
        let box = Box(
            left: Double(labelWidth) * Self.charactersWidth + 14, right: size.width - 14,
            top: 12 + Double(laneCount) * Self.laneHeight, bottom: size.height - 26)
        var svg = "<svg viewBox=\"0 0 \(Self.text(size.width)) \(Self.text(size.height))\" role=\"img\" "
        svg += "aria-labelledby=\"\(id)-name\" aria-describedby=\"\(id)-note\" data-x=\"\(xKind.rawValue)\" "
        svg += "data-x-scale=\"\(x.kind.rawValue) \(x.lower) \(x.upper)\" "
        svg += "data-y-scale=\"\(y.kind.rawValue) \(y.lower) \(y.upper)\" data-y-unit=\"\(yUnit.escapedForHTML)\" "
        svg += "data-box=\"\([box.left, box.right, box.top, box.bottom].map(Self.text).joined(separator: " "))\">\n"
        svg += bandsDrawn(box, lanes: lanes) + axes(box) + levelsDrawn(box)
        for series in series { svg += curve(series, in: box) }
        return svg + "</svg>\n"
    }

    private func axes(_ box: Box) -> String {
        var svg = ""
        for tick in y.ticks {
            let place = Self.text(box.y(y.position(tick.value)))
            svg += "<path class=\"grid\" d=\"M\(Self.text(box.left)) \(place)H\(Self.text(box.right))\"/>"
            svg +=
                "<text x=\"\(Self.text(box.left - 6))\" y=\"\(place)\" dy=\".35em\" class=\"end\">\(tick.label)</text>"
        }
        var last = -Double.infinity
        for tick in x.ticks {
            let place = box.x(x.position(tick.value))
            let half = Double(tick.label.count) * Self.charactersWidth / 2
            // Marks whose labels would run into each other are thinned out.
            guard place - half > last + 4 else { continue }
            last = place + half
            let centre = min(place, size.width - half)
            svg += "<path class=\"tick\" d=\"M\(Self.text(place)) \(Self.text(box.bottom))v5\"/>"
            svg +=
                "<text x=\"\(Self.text(centre))\" y=\"\(Self.text(box.bottom + 19))\" class=\"mid\">"
                + "\(tick.label)</text>"
        }
        svg += "<path class=\"axis\" d=\"M\(Self.text(box.left)) \(Self.text(box.bottom))H\(Self.text(box.right))\"/>\n"
        return svg
    }

    private func levelsDrawn(_ box: Box) -> String {
        levels.map { level in
            let place = Self.text(box.y(y.position(level.value)))
            return "<path class=\"level\" d=\"M\(Self.text(box.left)) \(place)H\(Self.text(box.right))\"/>"
                + "<text x=\"\(Self.text(box.right - 4))\" y=\"\(place)\" dy=\"-.4em\" class=\"end\">"
                + "\(level.label.escapedForHTML)</text>\n"
        }.joined()
    }

    /// Each band's label has a lane above the curves, so that labels of bands close to each other can be read.
    private func bandsDrawn(_ box: Box, lanes: [Int]) -> String {
        zip(bands, lanes).map { band, lane in
            let (from, until) = (box.x(x.position(band.from)), box.x(x.position(band.until)))
            let width = max(1.5, until - from)
            let labelWidth = Double(band.label.count) * Self.charactersWidth
            let isAtEnd = from + labelWidth > size.width - 4
            let top = 12 + Double(lane) * Self.laneHeight
            let label = size.showsBandLabels ? band.label.escapedForHTML : ""
            return "<rect class=\"band\" x=\"\(Self.text(from))\" y=\"\(Self.text(top - 8))\" "
                + "width=\"\(Self.text(width))\" height=\"\(Self.text(box.bottom - top + 8))\"/>"
                + "<text class=\"fault\(isAtEnd ? " end" : "")\" "
                + "x=\"\(Self.text(isAtEnd ? min(until, size.width) - 3 : from + 3))\" "
                + "y=\"\(Self.text(top + 3))\">\(label)</text>\n"
        }.joined()
    }

    /// For each band the first lane in which its label meets no other's.
    private var lanes: [Int] {
        guard size.showsBandLabels else { return bands.map { _ in 0 } }
        let width = size.width - 60
        var ends: [Double] = []
        return bands.map { band in
            let labelWidth = Double(band.label.count) * Self.charactersWidth + 8
            var start = x.position(band.from) * width
            start = min(start, max(0, width - labelWidth))
            if let free = ends.firstIndex(where: { $0 <= start }) {
                ends[free] = start + labelWidth
                return free
            }
            guard ends.count < Self.lanesMax else { return Self.lanesMax - 1 }
            ends.append(start + labelWidth)
            return ends.count - 1
        }
    }

    private func curve(_ series: Series, in box: Box) -> String {
        var parts: [[(Double, Double)]] = [[]]
        for point in series.points {
            guard let value = point.y, value.isFinite else {
                if parts[parts.count - 1].isEmpty == false { parts.append([]) }
                continue
            }
            parts[parts.count - 1].append((box.x(x.position(point.x)), box.y(y.position(value))))
        }
        var svg = "<g class=\"curve \(series.colour)\(series.isDashed ? " dashed" : "")\" "
        svg += "data-name=\"\(series.name.escapedForHTML)\">"
        for part in parts where !part.isEmpty {
            let points = part.map { "\(Self.text($0.0)),\(Self.text($0.1))" }.joined(separator: " ")
            svg += "<polyline points=\"\(points)\"/>"
            // A point without neighbours is no line.
            let marked = series.hasMarks ? part : part.count == 1 ? part : []
            for (x, y) in marked { svg += "<circle cx=\"\(Self.text(x))\" cy=\"\(Self.text(y))\" r=\"3\"/>" }
        }
        return svg + "</g>\n"
    }

    /// One decimal: finer than a pixel.
    private static func text(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let rest = abs(tenths % 10)
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10)\(rest == 0 ? "" : ".\(rest)")"
    }
}

extension Plot.Size {
    fileprivate var showsBandLabels: Bool {
        switch self {
        case .large: true
        case .small: false
        }
    }
}
