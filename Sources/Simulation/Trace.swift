/// What happened in a world, in order: kept only when somebody wants to read it, and always counted into one number that
/// two runs of the same seed share.
struct Trace {
    struct Line {
        let moment: Int64
        let subscriber: Int?
        let source: Int?
        let text: String
    }

    let isKept: Bool
    private(set) var lines: [Line] = []
    private(set) var fingerprint: UInt64 = 0xcbf2_9ce4_8422_2325

    init(isKept: Bool) { self.isKept = isKept }

    mutating func count(_ moment: Int64) {
        fingerprint = (fingerprint ^ UInt64(bitPattern: moment)) &* 0x0000_0100_0000_01b3
    }

    /// `subscriber` and `source` are the HIEs that it is about, where it is not about all.
    mutating func note(_ moment: Int64, _ subscriber: Int?, _ source: Int?, _ text: @autoclosure () -> String) {
        guard isKept else { return }
        lines.append(Line(moment: moment, subscriber: subscriber, source: source, text: text()))
    }
}
