import CareRecord

/// What became of each HIE so far: a row an HIE.
struct AnswerTable {
    let report: QueryReport
    /// Since the query began here.
    var elapsed: Duration = .zero

    private static let title = "Answers"

    /// Those who are waited for first where `rowsMax` is less than there are; then a last line says how many are left
    /// out.
    func lines(hasColour: Bool, widthMax: Int = .max, rowsMax: Int = .max) -> [String] {
        var peers = report.peers
        let isCut = peers.count > rowsMax
        if isCut {
            let sorted = peers.filter { $0.answer == nil } + peers.filter { $0.answer != nil }
            peers = Array(sorted.prefix(max(0, rowsMax - 1)))
        }
        var table = Table(
            .init("HIE"), .init("state"), .init("time", .right), .init("count", .right), .init("as of"), .init("why"))
        for peer in peers { table.append(row: cells(peer)) }
        let heading = Style.bold.applied(to: String(Self.title.prefix(widthMax)), hasColour: hasColour)
        let rest = isCut ? [String("  … and \(report.peers.count - peers.count) more".prefix(widthMax))] : []
        return [heading]
            + table.alignedLines(hasColour: hasColour, widthMax: max(0, widthMax - 2)).map { "  \($0)" } + rest
    }

    private func cells(_ peer: QueryReport.Peer) -> [Table.Cell] {
        guard let answer = peer.answer else {
            return [
                .init(peer.hie), .init("waiting…", .yellow),
                .init(AnswerRow.text(milliseconds: elapsed.milliseconds)),
                .init(peer.count == 0 ? "" : "\(peer.count)"), .init(""), .init(""),
            ]
        }
        return [
            .init(answer.hie), answer.stateCell, .init(answer.durationText),
            .init(answer.isWhole || answer.count > 0 ? "\(answer.count)" : ""),
            .init(answer.asOf.map { Age.since($0) } ?? ""), .init(answer.reason, .dim),
        ]
    }
}
