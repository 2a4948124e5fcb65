package import CareRecord
package import Replication

/// What may arrive of a source while things happen to it: the outbox's messages one after the other, and pages of any
/// stretch read at any moment; together they cover the whole journal.
package struct SampleStream {
    package private(set) var source: SampleSource
    package private(set) var batches: [ChangeBatch] = []
    private var published: Int64 = 0

    package init(_ source: SampleSource) { self.source = source }

    package mutating func run(steps: Int, using random: inout SplitMix64) throws {
        for _ in 0..<steps {
            try source.change(using: &random)
            if random.chance(percent: 40) { try publish(changesMax: random.within(1...6)) }
            if random.chance(percent: 15) {
                let after = Int64(random.below(Int(source.head) + 1))
                let limits = PageLimits(changesMax: random.within(1...8), bytesMax: 100_000)
                batches.append(try source.batch(after: after, through: after + 10, limits: limits))
            }
        }
        while published < source.head { try publish(changesMax: 100) }
    }

    private mutating func publish(changesMax: Int) throws {
        let batch = try source.batch(
            after: published, limits: PageLimits(changesMax: changesMax, bytesMax: 100_000))
        guard batch.through > published else { return }
        published = batch.through
        batches.append(batch)
    }
}

extension SplitMix64 {
    package mutating func shuffle<Element>(_ elements: [Element]) -> [Element] {
        var shuffled = elements
        for position in shuffled.indices.dropLast() {
            shuffled.swapAt(position, within(position...shuffled.count - 1))
        }
        return shuffled
    }

    /// The elements in order, in groups of one to `max`.
    package mutating func groups<Element>(of elements: [Element], max: Int) -> [[Element]] {
        var groups: [[Element]] = []
        var rest = elements[...]
        while !rest.isEmpty {
            let count = within(1...max)
            groups.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return groups
    }
}
