package import CareRecord

/// The questions that wait at the one who is asked: in turn by asker, each of whom has one answered at a time, so that
/// somebody who fills an empty index holds up nobody else.
package struct AnswerQueue<Item: Sendable>: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Questions being answered at the same time.
        package var runningMax = 2
        /// Questions of one asker that wait; further ones are refused.
        package var waitingPerAskerMax = 16

        package init() {}
    }

    package enum Admission: Sendable, Hashable {
        case waits
        case refused
    }

    private struct Waiting: Sendable {
        let item: Item
        let until: Timestamp?
    }

    private let limits: Limits
    private var waiting: [HIEIdentifier: [Waiting]] = [:]
    /// Askers with questions, the one whose turn is next first.
    private var turns: [HIEIdentifier] = []
    private var running: Set<HIEIdentifier> = []

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// `until` is when nobody waits for the answer any more.
    package mutating func add(_ item: Item, from asker: HIEIdentifier, until: Timestamp?) -> Admission {
        guard waiting[asker, default: []].count < limits.waitingPerAskerMax else { return .refused }
        waiting[asker, default: []].append(Waiting(item: item, until: until))
        if !turns.contains(asker) { turns.append(asker) }
        return .waits
    }

    /// The next question to answer, and those before it for which it is too late.
    package mutating func next(at now: Timestamp) -> (item: Item, asker: HIEIdentifier, expired: [Item])? {
        guard running.count < limits.runningMax else { return nil }
        var expired: [Item] = []
        for asker in turns where !running.contains(asker) {
            while let first = waiting[asker]?.first {
                waiting[asker]?.removeFirst()
                if let until = first.until, until <= now {
                    expired.append(first.item)
                    continue
                }
                running.insert(asker)
                turns.removeAll { $0 == asker }
                if waiting[asker]?.isEmpty == false { turns.append(asker) }
                return (first.item, asker, expired)
            }
        }
        turns.removeAll { waiting[$0]?.isEmpty ?? true }
        return nil
    }

    package mutating func done(_ asker: HIEIdentifier) {
        running.remove(asker)
    }
}
