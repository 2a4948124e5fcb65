/// Decides when the outbox sends, how much, and how far the journal counts as published.
///
/// With little on its way it sends whatever waits at once; with more on its way it waits for a full batch or for
/// confirms, so that batches grow with the load. Confirms come in any order; `publishedThrough` moves only over an
/// unbroken run of them. One machine serves one broker session; the next session begins at `publishedThrough`.
package struct OutboxMachine: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Changes in one message.
        package var batchChangesMax = 500
        /// Bytes of one message's body; a single larger change is sent alone.
        package var batchBytesMax = 131_072
        /// Messages without a confirm, and the bytes of their bodies.
        package var inFlightMax = 256
        package var inFlightBytesMax = 4 << 20
        /// Up to this many messages without a confirm, a batch is sent however small it is.
        package var eagerInFlightMax = 1

        package init() {}

        /// What one message may hold.
        package var page: PageLimits { PageLimits(changesMax: batchChangesMax, bytesMax: batchBytesMax) }
    }

    /// What the outbox may send now.
    package enum Demand: Sendable, Hashable {
        /// Whatever waits, up to one batch.
        case anything
        /// Only a batch that reaches one of its limits.
        case fullBatch
        /// Nothing before the next confirm.
        case nothing
    }

    package enum Settlement: Sendable, Hashable {
        /// Everything up to this number is published, and that is news.
        case publishedThrough(Int64)
        case unchanged
        /// The broker refused the message: the session is to be ended, and the next one sends it again.
        case refused
    }

    private struct Sent {
        let number: UInt64
        let through: Int64
        let bytes: Int
        var isConfirmed = false
    }

    package let limits: Limits
    /// Every change up to here was confirmed.
    package private(set) var publishedThrough: Int64
    /// Every change up to here was handed to the broker.
    package private(set) var sentThrough: Int64
    private var inFlight: [Sent] = []
    private var inFlightBytes = 0
    /// Settlements that overtook the report of their own sending, and whether each was a confirm; never more than
    /// `inFlightMax`.
    private var early: [UInt64: Bool] = [:]

    package init(publishedThrough: Int64, limits: Limits = Limits()) {
        self.limits = limits
        self.publishedThrough = publishedThrough
        sentThrough = publishedThrough
    }

    package var inFlightCount: Int { inFlight.count }

    package var demand: Demand {
        if inFlight.count < limits.eagerInFlightMax { return .anything }
        return inFlight.count < limits.inFlightMax && inFlightBytes < limits.inFlightBytesMax ? .fullBatch : .nothing
    }

    /// How many messages of the largest size may be sent before the next confirm.
    package var room: Int {
        let ofBytes = (limits.inFlightBytesMax - inFlightBytes) / max(1, limits.batchBytesMax)
        return max(1, min(limits.inFlightMax - inFlight.count, ofBytes))
    }

    /// How many of these pages, read in one go from ``sentThrough`` on, are to be sent now: all that are full, and what
    /// is left where little is on its way.
    package func due(_ pages: [JournalPage]) -> Int {
        guard let last = pages.last, !last.isFull else { return pages.count }
        return inFlight.count + pages.count - 1 < limits.eagerInFlightMax ? pages.count : pages.count - 1
    }

    /// The message with this publish number carries everything above `sentThrough` up to `through`.
    package mutating func sent(number: UInt64, through: Int64, bytes: Int) -> Settlement {
        precondition(through > sentThrough, "a message carries at least one number of the journal")
        sentThrough = through
        inFlight.append(Sent(number: number, through: through, bytes: bytes))
        inFlightBytes += bytes
        return switch early.removeValue(forKey: number) {
        case true?: confirmed(number)
        case false?: .refused
        case nil: .unchanged
        }
    }

    package mutating func confirmed(_ number: UInt64) -> Settlement {
        guard let position = inFlight.firstIndex(where: { $0.number == number }) else {
            remember(number, isConfirmed: true)
            return .unchanged
        }
        inFlight[position].isConfirmed = true
        let run = inFlight.prefix { $0.isConfirmed }
        guard let last = run.last else { return .unchanged }
        publishedThrough = last.through
        inFlightBytes -= run.reduce(0) { $0 + $1.bytes }
        inFlight.removeFirst(run.count)
        return .publishedThrough(publishedThrough)
    }

    package mutating func refused(_ number: UInt64) -> Settlement {
        if inFlight.contains(where: { $0.number == number }) { return .refused }
        remember(number, isConfirmed: false)
        return .unchanged
    }

    private mutating func remember(_ number: UInt64, isConfirmed: Bool) {
        if early.count < limits.inFlightMax { early[number] = isConfirmed }
    }
}
