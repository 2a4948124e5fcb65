package import AMQP
package import CareRecord

/// What a subscriber does with messages on its queue for changes, as steps in the order in which they must be done:
/// what is parked and what is applied is on the disk before the broker is told to forget it (promises P1 and P6).
package struct IntakeReader: Sendable {
    package enum Step: Sendable, Equatable {
        case park([DeadLetter])
        case apply([ChangeBatch])
        /// Dead letters that this worker sent again.
        case redeem([Delivery])
        /// So many replayed messages that are none of this worker's dead letters: they are counted, and nothing else.
        case discard(Int)
        /// This delivery and all before it.
        case acknowledge(DeliveryTag)
    }

    private let seat: Seat
    private let queue: String
    /// The HIEs that may speak on this link.
    private let sources: Set<HIEIdentifier>
    /// HIEs that are not connected yet: what they say early is put aside, and read from their journals later.
    private let planned: Set<HIEIdentifier>
    private let voucher: Voucher
    private let changesMax: Int

    /// `seat` is the subscriber. `changesMax` is how many changes are applied in one transaction; a single message may
    /// hold more.
    package init(
        seat: Seat, queue: String, sources: Set<HIEIdentifier>, planned: Set<HIEIdentifier> = [],
        voucher: Voucher = .nobody, changesMax: Int
    ) {
        self.seat = seat
        self.queue = queue
        self.sources = sources
        self.planned = planned
        self.voucher = voucher
        self.changesMax = changesMax
    }

    package func steps(for deliveries: [Delivery]) -> [Step] {
        groups(deliveries.map(read)).flatMap { group -> [Step] in
            let letters = group.flatMap(\.letters)
            let batches = group.compactMap(\.batch)
            let replays = group.compactMap(\.replay)
            let strange = group.count(where: \.isStrangeReplay)
            var steps: [Step] = []
            if !letters.isEmpty { steps.append(.park(letters)) }
            if !batches.isEmpty { steps.append(.apply(batches)) }
            if !replays.isEmpty { steps.append(.redeem(replays)) }
            if strange > 0 { steps.append(.discard(strange)) }
            if let last = group.last { steps.append(.acknowledge(last.tag)) }
            return steps
        }
    }

    private struct Reading {
        let tag: DeliveryTag
        var batch: ChangeBatch?
        var letters: [DeadLetter] = []
        var replay: Delivery?
        var isStrangeReplay = false

        /// Changes that it may bring to the index.
        var size: Int {
            guard let replay else { return batch?.changes.count ?? 0 }
            return 1 + replay.message.body.count { $0 == UInt8(ascii: "\n") }
        }
    }

    private func read(_ delivery: Delivery) -> Reading {
        var reading = Reading(tag: delivery.tag)
        let isMarked = ReplayMark(delivery.message)?.seat == seat
        // Whichever way it comes: replayed to everybody, it comes here as well.
        if isMarked, voucher.vouches(for: delivery.message, from: seat.hie) {
            reading.replay = delivery
            return reading
        }
        // This way comes only what this worker sends itself.
        if delivery.exchange == BrokerNames.replaysExchange {
            do throws(Rejection) {
                try voucher.check(delivery.message, isFrom: seat.hie)
                reading.isStrangeReplay = true
            } catch {
                reading.letters = [DeadLetter(delivery, error, source: nil, queue: queue)]
            }
            return reading
        }
        if isEarly(delivery) { return reading }
        var source: HIEIdentifier?
        do throws(Rejection) {
            let header = try MessageHeader(delivery, from: sources, vouchedBy: voucher)
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
            let count = reading.size
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
    private let voucher: Voucher

    package init(
        queue: String, sources: Set<HIEIdentifier>, planned: Set<HIEIdentifier> = [], voucher: Voucher = .nobody
    ) {
        self.queue = queue
        self.sources = sources
        self.planned = planned
        self.voucher = voucher
    }

    /// The pulse, or what is to be parked instead; neither for an HIE that is not connected yet.
    package func read(_ delivery: Delivery) -> (pulse: Pulse?, letter: DeadLetter?) {
        if let hie = delivery.claimedSource, planned.contains(hie), !sources.contains(hie) { return (nil, nil) }
        do throws(Rejection) {
            let header = try MessageHeader(delivery, from: sources, vouchedBy: voucher)
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
