import LoadTest

/// The live screen of a load test, as lines: rates, latencies, backlog, who is behind, and how long it still takes.
enum LoadScreen {
    /// Samples that "so far" looks back on at most: an hour.
    private static let samplesMax = 3600
    private static let backlogRowsMax = 12
    private static let peersMax = 6
    private static let nameWidth = 16
    private static let sparks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// No line is longer than `columns`. `faults` are those that began so far; the end of one that goes on is ahead.
    static func lines(
        profile: LoadProfile, samples: [LoadSample], faults: [LoadResult.FaultResult], elapsed: Double, columns: Int,
        hasColour: Bool = Terminal.hasColour
    ) -> [String] {
        var page = Page(columns: max(20, columns), hasColour: hasColour)
        page.line([.init(profile.name, .bold), .init("  " + profile.about, .dim)])
        page.line([.init(progress(profile, elapsed: elapsed, columns: page.columns))])
        page.line([faultWords(faults, at: elapsed)])
        guard let now = samples.last else {
            page.line([.init("nothing measured yet", .dim)])
            return page.lines
        }
        let recent = samples.suffix(samplesMax)
        rates(profile, now, recent, &page)
        latencies(now, recent, &page)
        backlog(now, recent, &page)
        peers(now, &page)
        return page.lines
    }

    // MARK: Parts

    /// Such as `████████░░░░░░░░  2:30 of 5:00  2:30 left`.
    private static func progress(_ profile: LoadProfile, elapsed: Double, columns: Int) -> String {
        let total = Double(profile.durationMilliseconds) / 1000
        let share = total > 0 ? min(1, max(0, elapsed / total)) : 1
        let words =
            "  \(FigureText.time(seconds: elapsed)) of \(FigureText.time(seconds: total))  "
            + "\(FigureText.time(seconds: max(0, total - elapsed))) left"
        let width = max(4, min(40, columns - words.count))
        let full = Int(share * Double(width))
        return String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + words
    }

    private static func faultWords(_ faults: [LoadResult.FaultResult], at elapsed: Double) -> Table.Cell {
        let present = faults.filter { $0.from <= elapsed && elapsed < $0.until }
        guard !present.isEmpty else { return .init("no fault at present", .dim) }
        let words = present.map { "\($0.kind) \($0.target) for \(FigureText.time(seconds: elapsed - $0.from))" }
        return .init("fault: " + words.joined(separator: ", "), .yellow)
    }

    private static func rates(
        _ profile: LoadProfile, _ now: LoadSample, _ samples: ArraySlice<LoadSample>, _ page: inout Page
    ) {
        page.heading("", ["intended/s", "now/s", "on average/s"])
        let known = LoadFigure.streams.filter { now.rates[$0] != nil }
        for stream in known + now.rates.keys.filter({ !known.contains($0) }).sorted() {
            let intended = profile.intended(stream)
            let values = samples.compactMap { $0.rates[stream] }
            let mean = values.reduce(0, +) / Double(max(1, values.count))
            let rate = now.rates[stream] ?? 0
            // A second is short: a tenth less is nothing.
            let isLow = intended.map { rate < $0 * 0.9 } ?? false
            page.row(
                stream, [intended.map { FigureText.text($0) } ?? "–", FigureText.text(rate), FigureText.text(mean)],
                styles: [.plain, isLow ? .yellow : .plain, .plain], curve: values)
        }
        page.row("errors", ["", "\(now.errors)", ""], styles: [.plain, now.errors > 0 ? .red : .plain, .plain])
    }

    private static func latencies(_ now: LoadSample, _ samples: ArraySlice<LoadSample>, _ page: inout Page) {
        let clocks = LoadResult.Clock.allCases.filter { clock in samples.contains { $0.p99[clock.rawValue] != nil } }
        guard !clocks.isEmpty else { return }
        page.heading("milliseconds", ["p50 now", "p99 now", "worst p99"])
        for clock in clocks.map(\.rawValue) {
            let values = samples.compactMap { $0.p99[clock] }
            page.row(
                clock,
                [
                    now.p50[clock].map { FigureText.text($0) } ?? "–",
                    now.p99[clock].map { FigureText.text($0) } ?? "–",
                    values.max().map { FigureText.text($0) } ?? "–",
                ], curve: values)
        }
    }

    private static func backlog(_ now: LoadSample, _ samples: ArraySlice<LoadSample>, _ page: inout Page) {
        guard !now.backlog.isEmpty else { return }
        page.heading("behind by changes", ["now", "most", ""])
        let together = samples.map { sample in Double(sample.backlog.values.reduce(0, +)) }
        page.row(
            "all together", [FigureText.text(together.last ?? 0), FigureText.text(together.max() ?? 0), ""],
            curve: together)
        let hies = now.backlog.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        for (hie, count) in hies.prefix(backlogRowsMax) {
            let values = samples.map { Double($0.backlog[hie] ?? 0) }
            page.row(hie, ["\(count)", FigureText.text(values.max() ?? 0), ""], curve: values)
        }
        if hies.count > backlogRowsMax { page.line([.init("and \(hies.count - backlogRowsMax) more", .dim)]) }
    }

    private static func peers(_ now: LoadSample, _ page: inout Page) {
        guard !now.peers.isEmpty else { return page.line([.init("every worker calls every peer complete", .dim)]) }
        for peer in now.peers.prefix(peersMax) { page.line([.init(peer, .yellow)]) }
        if now.peers.count > peersMax { page.line([.init("and \(now.peers.count - peersMax) more", .yellow)]) }
    }

    // MARK: Lines

    /// Lines that are cut at the terminal's width.
    private struct Page {
        let columns: Int
        let hasColour: Bool
        var lines: [String] = []

        private static let cellWidth = 14

        mutating func line(_ cells: [Table.Cell]) {
            var room = columns
            var line = ""
            for cell in cells where room > 0 {
                let isCut = cell.text.count > room
                let text = isCut ? cell.text.prefix(room - 1) + "…" : cell.text[...]
                room -= text.count
                line += cell.style.applied(to: String(text), hasColour: hasColour)
            }
            lines.append(line)
        }

        mutating func heading(_ name: String, _ titles: [String]) {
            line([])
            line([.init(Self.padded(name, nameWidth) + titles.map(Self.right).joined(), .dim)])
        }

        /// The curve takes the room that is left.
        mutating func row(_ name: String, _ values: [String], styles: [Style] = [], curve: [Double] = []) {
            var cells = [Table.Cell(Self.padded(name, nameWidth))]
            for (index, value) in values.enumerated() {
                cells.append(.init(Self.right(value), styles.indices.contains(index) ? styles[index] : .plain))
            }
            let room = columns - nameWidth - values.count * Self.cellWidth - 2
            if curve.count > 1, room >= 8 { cells.append(.init("  " + spark(curve.suffix(min(60, room))), .dim)) }
            line(cells)
        }

        private static func padded(_ text: String, _ width: Int) -> String {
            let text = text.prefix(width)
            return text + String(repeating: " ", count: width - text.count)
        }

        private static func right(_ text: String) -> String {
            let text = text.prefix(cellWidth - 1)
            return String(repeating: " ", count: cellWidth - text.count) + text
        }

        private func spark(_ values: ArraySlice<Double>) -> String {
            let top = values.max() ?? 0
            return String(
                values.map { value in
                    let share = top > 0 ? min(1, max(0, value / top)) : 0
                    return sparks[Int((share * Double(sparks.count - 1)).rounded())]
                })
        }
    }
}

extension LoadProfile {
    /// Of a stream, a second; `nil` where it goes as fast as it can.
    fileprivate func intended(_ stream: String) -> Double? {
        switch stream {
        case "changes": changes?.perSecond
        case "lookups": lookupsPerSecond
        case "queries": queries?.perSecond
        case "badMessages": badMessagesPerSecond
        default: nil
        }
    }
}
