package import CareRecord

/// The questions that wait at the one who is asked: in turn by asker, each of whom has few answered at a time, so that
/// somebody who fills an empty index holds up nobody else.
package struct AnswerQueue<Item: Sendable>: Sendable {
    package typealias Limits = AnswerQueueLimits

    package enum Admission: Sendable, Hashable {
        case waits
        case refused
    }

    private struct Waiting: Sendable {
        let item: Item
        let until: Timestamp?

        func isExpired(at now: Timestamp) -> Bool { until.map { $0 <= now } ?? false }
    }

    private let limits: Limits
    private var waiting: [HIEIdentifier: [Waiting]] = [:]
    /// Askers with questions, the one whose turn is next first.
    private var turns: [HIEIdentifier] = []
    private var running: [HIEIdentifier: Int] = [:]

    package init(limits: Limits = Limits()) { self.limits = limits }

    /// `until` is when nobody waits for the answer any more.
    package mutating func add(_ item: Item, from asker: HIEIdentifier, until: Timestamp?) -> Admission {
        guard waiting[asker, default: []].count < limits.waitingPerAskerMax else { return .refused }
        waiting[asker, default: []].append(Waiting(item: item, until: until))
        if !turns.contains(asker) { turns.append(asker) }
        return .waits
    }

    /// The next question to answer, and those for which it is too late.
    package mutating func next(at now: Timestamp) -> (item: Item, asker: HIEIdentifier, expired: [Item])? {
        guard running.values.reduce(0, +) < limits.runningMax,
            let asker = turns.first(where: { asker in
                running[asker, default: 0] < limits.runningPerAskerMax
                    && waiting[asker, default: []].contains { !$0.isExpired(at: now) }
            })
        else { return nil }
        let expired = takeExpired(at: now)
        guard let first = waiting[asker]?.first else { return nil }
        waiting[asker]?.removeFirst()
        running[asker, default: 0] += 1
        turns.removeAll { $0 == asker }
        if waiting[asker]?.isEmpty == false { turns.append(asker) }
        return (first.item, asker, expired)
    }

    /// Removes the questions for which it is too late, whether or not there is another one to answer.
    package mutating func takeExpired(at now: Timestamp) -> [Item] {
        var expired: [Item] = []
        for asker in turns {
            expired += waiting[asker, default: []].filter { $0.isExpired(at: now) }.map(\.item)
            waiting[asker]?.removeAll { $0.isExpired(at: now) }
        }
        turns.removeAll { waiting[$0, default: []].isEmpty }
        return expired
    }

    package mutating func done(_ asker: HIEIdentifier) {
        guard let others = running[asker].map({ $0 - 1 }) else { return }
        running[asker] = others > 0 ? others : nil
    }
}

package struct AnswerQueueLimits: Sendable, Hashable {
    /// Questions being answered at the same time.
    package var runningMax: Int
    /// Those of one asker among them.
    package var runningPerAskerMax: Int
    /// Questions of one asker that wait; further ones are refused.
    package var waitingPerAskerMax: Int

    package init(runningMax: Int = 2, runningPerAskerMax: Int = 1, waitingPerAskerMax: Int = 16) {
        self.runningMax = runningMax
        self.runningPerAskerMax = runningPerAskerMax
        self.waitingPerAskerMax = waitingPerAskerMax
    }
}
