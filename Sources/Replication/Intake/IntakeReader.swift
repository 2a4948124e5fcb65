package import AMQP
package import CareRecord

/// What a subscriber does with messages on its queue for changes, as steps in the order in which they must be done:
/// what is parked and what is applied is on the disk before the broker is told to forget it (promises P1 and P6).
package struct IntakeReader: Sendable {
    package enum Step: Sendable, Equatable {
        case park([DeadLetter])
        case apply([ChangeBatch])
        /// This delivery and all before it.
        case acknowledge(DeliveryTag)
    }

    private let queue: String
    /// The HIEs that may speak on this link.
    private let sources: Set<HIEIdentifier>
    /// HIEs that are not connected yet: what they say early is put aside, and read from their journals later.
    private let planned: Set<HIEIdentifier>
    private let changesMax: Int

    /// `changesMax` is how many changes are applied in one transaction; a single message may hold more.
    package init(queue: String, sources: Set<HIEIdentifier>, planned: Set<HIEIdentifier> = [], changesMax: Int) {
        self.queue = queue
        self.sources = sources
        self.planned = planned
        self.changesMax = changesMax
    }

    package func steps(for deliveries: [Delivery]) -> [Step] {
        groups(deliveries.map(read)).flatMap { group -> [Step] in
            let letters = group.flatMap(\.letters)
            let batches = group.compactMap(\.batch)
            var steps: [Step] = []
            if !letters.isEmpty { steps.append(.park(letters)) }
            if !batches.isEmpty { steps.append(.apply(batches)) }
            if let last = group.last { steps.append(.acknowledge(last.tag)) }
            return steps
        }
    }

    private struct Reading {
        let tag: DeliveryTag
        var batch: ChangeBatch?
        var letters: [DeadLetter] = []
    }

    private func read(_ delivery: Delivery) -> Reading {
        var reading = Reading(tag: delivery.tag)
        if isEarly(delivery) { return reading }
        var source: HIEIdentifier?
        do throws(Rejection) {
            let header = try MessageHeader(delivery, from: sources)
            guard header.kind == .changes else {
                throw Rejection(.unknownType, "a \(header.kind.rawValue) message on the queue for changes")
            }
            source = header.source
            let incoming = try IncomingBatch(delivery, header: header, queue: queue)
            reading.batch = incoming.batch
            reading.letters = incoming.letters
        } catch {
            reading.letters = [DeadLetter(delivery, error, source: source, queue: queue)]
        }
        return reading
    }

    private func isEarly(_ delivery: Delivery) -> Bool {
        guard let hie = delivery.claimedSource else { return false }
        return planned.contains(hie) && !sources.contains(hie)
    }

    /// Cuts what waits into transactions of bounded size.
    private func groups(_ readings: [Reading]) -> [[Reading]] {
        var groups: [[Reading]] = []
        var size = 0
        for reading in readings {
            let count = reading.batch?.changes.count ?? 0
            if groups.isEmpty || size + count > changesMax {
                groups.append([])
                size = 0
            }
            groups[groups.count - 1].append(reading)
            size += count
        }
        return groups
    }
}

/// What a subscriber does with messages on its queue for pulses.
package struct PulseReader: Sendable {
    private let queue: String
    private let sources: Set<HIEIdentifier>
    private let planned: Set<HIEIdentifier>

    package init(queue: String, sources: Set<HIEIdentifier>, planned: Set<HIEIdentifier> = []) {
        self.queue = queue
        self.sources = sources
        self.planned = planned
    }

    /// The pulse, or what is to be parked instead; neither for an HIE that is not connected yet.
    package func read(_ delivery: Delivery) -> (pulse: Pulse?, letter: DeadLetter?) {
        if let hie = delivery.claimedSource, planned.contains(hie), !sources.contains(hie) { return (nil, nil) }
        do throws(Rejection) {
            let header = try MessageHeader(delivery, from: sources)
            guard header.kind == .pulse else {
                throw Rejection(.unknownType, "a \(header.kind.rawValue) message on the queue for pulses")
            }
            return (try Pulse(delivery, header: header), nil)
        } catch {
            return (nil, DeadLetter(delivery, error, source: nil, queue: queue))
        }
    }
}

extension Delivery {
    /// The HIE that the message says it comes from; nothing vouches for it.
    package var claimedSource: HIEIdentifier? { message.appID.flatMap { HIEIdentifier($0) } }
}
