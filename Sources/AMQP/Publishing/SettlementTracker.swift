/// Keeps account of what was published and not yet settled. Publish numbers count from 1, as the broker's do.
struct SettlementTracker {
    /// Who wants to know what becomes of a message.
    enum Route {
        /// `nextSettlements`.
        case stream
        /// The one call that published it and waits.
        case caller
        /// Nobody any more.
        case nobody
    }

    /// What a returned message is recognised by: a return carries no publish number.
    struct Likeness: Hashable {
        let exchange: String
        let routingKey: String
        let messageID: String?
        let correlationID: String?
        let bodySize: UInt64
    }

    private struct Entry {
        var route: Route
        var isSettled = false
        var isMandatory: Bool
    }

    /// Published and not settled.
    private(set) var outstanding = 0
    /// Settlements for the stream, in the order in which they came.
    private(set) var collected: [Settlement] = []
    private var entries: [Entry] = []
    /// Entries before this index are settled.
    private var start = 0
    /// The publish number of `entries[0]`.
    private var base: UInt64 = 1
    private var mandatory: [UInt64: Likeness] = [:]
    private var returned: [UInt64: Settlement.Outcome] = [:]

    /// The number of the next message.
    var nextNumber: UInt64 { base + UInt64(entries.count) }

    /// Takes note of a message that was written. `likeness` is given for a mandatory message.
    mutating func publish(_ route: Route, likeness: Likeness?) -> UInt64 {
        let number = nextNumber
        entries.append(Entry(route: route, isMandatory: likeness != nil))
        if let likeness { mandatory[number] = likeness }
        outstanding += 1
        return number
    }

    /// The broker's `basic.ack` or `basic.nack`. Returns those that a caller waits for; unknown numbers count for
    /// nothing.
    mutating func settle(_ number: UInt64, isMultiple: Bool, isRefused: Bool) -> [Settlement] {
        guard number < nextNumber else { return [] }
        var awaited: [Settlement] = []
        if isMultiple {
            // 0 means everything so far.
            let last = number == 0 ? nextNumber : number + 1
            guard last > base else { return [] }
            for index in start..<max(start, Int(last - base)) {
                settleEntry(at: index, isRefused: isRefused, awaited: &awaited)
            }
        } else if number >= base {
            settleEntry(at: Int(number - base), isRefused: isRefused, awaited: &awaited)
        }
        forgetSettled()
        return awaited
    }

    /// The broker's `basic.return`, which comes before the settlement. Returns come in the order of publishing, so it
    /// is the first mandatory message that looks like it; a `messageID` of its own makes that exact.
    mutating func markReturned(_ likeness: Likeness, replyCode: UInt16, reason: String) {
        for index in start..<entries.count where entries[index].isMandatory && !entries[index].isSettled {
            let number = base + UInt64(index)
            if mandatory[number] == likeness, returned[number] == nil {
                returned[number] = .returned(replyCode: replyCode, reason: reason)
                return
            }
        }
    }

    /// Nobody wants to hear of these any more, not even of those already settled.
    mutating func withdraw(_ numbers: Range<UInt64>) {
        for number in numbers where number >= base && number < nextNumber {
            entries[Int(number - base)].route = .nobody
        }
        collected.removeAll { numbers.contains($0.number) }
    }

    mutating func takeCollected() -> [Settlement] {
        defer { collected = [] }
        return collected
    }

    private mutating func settleEntry(at index: Int, isRefused: Bool, awaited: inout [Settlement]) {
        guard !entries[index].isSettled else { return }
        entries[index].isSettled = true
        outstanding -= 1
        let number = base + UInt64(index)
        var outcome = isRefused ? Settlement.Outcome.refused : .confirmed
        if entries[index].isMandatory {
            mandatory[number] = nil
            if let answer = returned.removeValue(forKey: number), !isRefused { outcome = answer }
        }
        switch entries[index].route {
        case .stream: collected.append(Settlement(number: number, outcome: outcome))
        case .caller: awaited.append(Settlement(number: number, outcome: outcome))
        case .nobody: break
        }
    }

    private mutating func forgetSettled() {
        while start < entries.count, entries[start].isSettled { start += 1 }
        guard start == entries.count || start >= 1_024 else { return }
        base += UInt64(start)
        entries.removeSubrange(..<start)
        start = 0
    }
}
