/// Two texts, line by line.
package enum LineComparison {
    /// Every line of both, each once where it is in both: it begins with a space then, with `-` where only the first
    /// text has it, with `+` where only the second one does. Costs as much as their lengths and differences multiplied.
    package static func lines(_ before: [String], _ after: [String]) -> [String] {
        let difference = after.difference(from: before)
        let removed = Set(difference.removals.map(\.offset))
        let inserted = Set(difference.insertions.map(\.offset))
        var lines: [String] = []
        var (left, right) = (0, 0)
        while left < before.count || right < after.count {
            if left < before.count, removed.contains(left) {
                lines.append("-\(before[left])")
                left += 1
            } else if right < after.count, inserted.contains(right) {
                lines.append("+\(after[right])")
                right += 1
            } else {
                lines.append(" \(before[left])")
                left += 1
                right += 1
            }
        }
        return lines
    }
}

extension CollectionDifference.Change {
    fileprivate var offset: Int {
        switch self {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }
}
