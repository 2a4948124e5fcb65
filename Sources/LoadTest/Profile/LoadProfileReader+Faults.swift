import CareRecord
import Topology
import Yams

// MARK: Faults

extension LoadProfileReader {
    private static let brokerPrefix = "broker-"

    /// Each fault is held to the mesh and the duration, and to the faults before it.
    mutating func readFaults(_ node: Node) {
        guard let nodes = reader.list(node, of: "`faults`") else { return }
        if nodes.count > LoadProfileLimits.faultsMax {
            reader.note("more than \(LoadProfileLimits.faultsMax) faults", at: node)
        }
        var lines: [Int] = []
        for node in nodes.prefix(LoadProfileLimits.faultsMax) {
            guard !reader.isFull, let fault = readFault(node) else { continue }
            if let index = profile.faults.firstIndex(where: { overlaps($0, fault) }) {
                reader.note(
                    "\(fault.target) has a fault at this time already, in line \(lines[index]): let it begin after "
                        + "that one ends", at: node)
            }
            profile.faults.append(fault)
            lines.append(node.mark?.line ?? 0)
        }
    }

    private mutating func readFault(_ node: Node) -> LoadProfile.Fault? {
        let known = ["at", "kind", "target", "for"]
        guard let fields = reader.fields(node, of: "a fault", known: known) else { return nil }
        let kind = reader.required("kind", in: fields, example: "kind: restart-broker")
            .flatMap { reader.word($0, as: "the kind", LoadProfile.Fault.Kind.self) }
        let target = reader.required("target", in: fields, example: "target: broker-1 (or an HIE)")
            .flatMap { readTarget($0, of: kind) }
        let at = reader.required("at", in: fields, example: "at: 30s (after the start)")
            .flatMap { reader.milliseconds($0, as: "`at`", in: 0...LoadProfileLimits.durationMilliseconds.upperBound) }
        let duration = fields["for"].map { readDuration($0) }
        guard let kind, let target, let at, duration != .some(.none) else { return nil }
        let end = duration?.map { at + $0 }
        if at >= profile.durationMilliseconds, let node = fields["at"] {
            reader.note(
                "the load has ended by then: it takes \(NodeReader.span(profile.durationMilliseconds))", at: node)
        } else if let end, end > profile.durationMilliseconds, let node = fields["for"] {
            reader.note(
                "the fault would outlast the load: write at most "
                    + "\(NodeReader.span(profile.durationMilliseconds - at)), or leave `for` out", at: node)
        }
        return LoadProfile.Fault(
            kind: kind, target: target, atMilliseconds: at, durationMilliseconds: duration.flatMap(\.self))
    }

    private mutating func readDuration(_ node: Node) -> Int64? {
        reader.milliseconds(node, as: "`for`", in: LoadProfileLimits.faultMilliseconds)
    }

    private mutating func readTarget(_ node: Node, of kind: LoadProfile.Fault.Kind?) -> String? {
        guard let target = reader.text(node, as: "`target`"), let kind else { return nil }
        return kind.isOfBroker ? readBroker(target, at: node) : readWorker(target, at: node)
    }

    private mutating func readBroker(_ target: String, at node: Node) -> String? {
        let known = (1...profile.brokers).map { "\(Self.brokerPrefix)\($0)" }
        if known.contains(target) { return target }
        let names = known.count == 1 ? known[0] : "\(known[0]) to \(known[known.count - 1])"
        reader.note("there is no broker `\(NodeReader.shown(target))`: write \(names)", at: node)
        return nil
    }

    private mutating func readWorker(_ target: String, at node: Node) -> String? {
        let known = connected.map { $0.prefix(profile.hies).map(\.text) }
        guard HIEIdentifier(target) != nil, known?.contains(target) ?? !target.hasPrefix(Self.brokerPrefix) else {
            let names = known.map { "write " + $0.joined(separator: ", ") } ?? "write an HIE, such as barts"
            let suggestion = Suggestion.text(for: target, among: known ?? [])
            reader.note("there is no worker of `\(NodeReader.shown(target))`: \(names)\(suggestion)", at: node)
            return nil
        }
        return target
    }

    private func overlaps(_ fault: LoadProfile.Fault, _ other: LoadProfile.Fault) -> Bool {
        func span(_ fault: LoadProfile.Fault) -> Range<Int64> {
            let end = fault.durationMilliseconds.map { fault.atMilliseconds + $0 } ?? Int64.max
            return fault.atMilliseconds..<max(fault.atMilliseconds, end)
        }
        return fault.target == other.target && span(fault).overlaps(span(other))
    }
}

extension LoadProfile.Fault.Kind {
    /// Whether it happens to a broker, else to a worker.
    package var isOfBroker: Bool {
        switch self {
        case .pauseBroker, .killBroker, .restartBroker, .memoryAlarm: true
        case .pauseWorker, .killWorker, .slowWorker: false
        }
    }
}

// MARK: Criteria

extension LoadProfileReader {
    mutating func readCriteria(_ node: Node) {
        guard let nodes = reader.list(node, of: "`criteria`") else { return }
        if nodes.isEmpty { reader.note("there are no criteria: add lost <= 0", at: node) }
        if nodes.count > LoadProfileLimits.criteriaMax {
            reader.note("more than \(LoadProfileLimits.criteriaMax) criteria", at: node)
        }
        for node in nodes.prefix(LoadProfileLimits.criteriaMax) {
            guard !reader.isFull, let text = reader.text(node, as: "a criterion") else { continue }
            guard let criterion = readCriterion(text, at: node) else { continue }
            profile.criteria.append(criterion)
        }
    }

    private mutating func readCriterion(_ text: String, at node: Node) -> LoadProfile.Criterion? {
        let comparisons = LoadProfile.Criterion.Comparison.allCases
        guard let comparison = comparisons.first(where: { text.contains($0.rawValue) }) else {
            reader.note(
                "a criterion is a figure, <= or >=, and a number, such as lookup.p99 <= 20: "
                    + "`\(NodeReader.shown(text))` is not", at: node)
            return nil
        }
        let parts = text.components(around: comparison.rawValue)
        guard let figure = LoadFigure(parts.before) else {
            let suggestion = Suggestion.text(for: parts.before, among: LoadFigure.allNames)
            reader.note(
                "there is no figure `\(NodeReader.shown(parts.before))`: write one of \(LoadFigure.inWords)"
                    + suggestion, at: node)
            return nil
        }
        guard let bound = Double(parts.after.replacing("_", with: "")), LoadProfileLimits.bound.contains(bound) else {
            reader.note(
                "the bound `\(NodeReader.shown(parts.after))` is a number from 0 on without a unit: \(figure.name) is "
                    + "\(figure.unit.inWords)", at: node)
            return nil
        }
        if let missing = figure.missing(from: profile) {
            reader.note("this load does not measure \(figure.name): \(missing)", at: node)
        }
        return LoadProfile.Criterion(figure: figure.name, comparison: comparison, bound: bound)
    }
}

extension String {
    /// Without the spaces around the parts.
    fileprivate func components(around separator: String) -> (before: String, after: String) {
        guard let range = firstRange(of: separator) else { return (self, "") }
        return (self[..<range.lowerBound].trimmed, self[range.upperBound...].trimmed)
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
