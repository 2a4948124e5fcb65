/// Which connections run, which end, and which are to begin: nothing begins while anything ends, so that two
/// connections never do the same work.
struct LinePlan: Sendable {
    enum Action: Sendable, Hashable {
        case start(LineID)
        case stop(LineID)
    }

    private var wanted: [LineID] = []
    private var running: Set<LineID> = []
    private var stopping: Set<LineID> = []

    var isOver: Bool { running.isEmpty && stopping.isEmpty }

    func isStopping(_ line: LineID) -> Bool { stopping.contains(line) }

    /// These and no others are to run.
    mutating func want(_ lines: [LineID]) -> [Action] {
        wanted = lines
        let leaving = running.subtracting(lines)
        running.subtract(leaving)
        stopping.formUnion(leaving)
        return leaving.map { .stop($0) } + begin()
    }

    mutating func ended(_ line: LineID) -> [Action] {
        running.remove(line)
        stopping.remove(line)
        return begin()
    }

    private mutating func begin() -> [Action] {
        guard stopping.isEmpty else { return [] }
        let missing = wanted.filter { !running.contains($0) }
        running.formUnion(missing)
        return missing.map { .start($0) }
    }
}
