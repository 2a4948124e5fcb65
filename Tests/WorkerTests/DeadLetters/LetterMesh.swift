import AMQP
import CareRecord
import Foundation
import Replication
import Storage
import TestSupport
import Worker

extension Mesh {
    /// Takes what waits for `subscriber` off its queue, and puts one message in its place that holds the whole journal
    /// of `source`, altered: as if it had been damaged on its way.
    func damage(
        _ source: Worker, for subscriber: HIEIdentifier, _ alter: @Sendable (String) -> String
    ) async throws {
        let page = try await source.ownRecords.journalPage(
            JournalStretch(after: 0), limits: OutboxMachine.Limits().page)
        var outgoing = ChangeBatch.message(source: source.hie, page, sentAt: WallClock.system.now)
        outgoing.message.body = Array(alter(String(decoding: page.body, as: UTF8.self)).utf8)
        let message = outgoing
        try await withSession { session in
            _ = try await session.purgeQueue(BrokerNames.changesQueue(Seat(subscriber)))
            _ = try await session.publishConfirmed(
                message.message, exchange: message.exchange, routingKey: message.routingKey)
        }
    }

    /// Puts change messages 2 … `count` of a source that does not run among the dead letters of an HIE: one change
    /// each, all of them good. Number 1 is applied, so that the source's epoch is known there.
    func park(_ count: Int64, of source: HIEIdentifier, at hie: HIEIdentifier) async throws {
        try await park(count, of: source, at: Seat(hie))
    }

    func park(_ count: Int64, of source: HIEIdentifier, at seat: Seat) async throws {
        try await run(seats: seat) { workers in
            let first = Self.message(1, of: source, head: count)
            try await withSession { session in
                _ = try await session.publishConfirmed(
                    first, exchange: BrokerNames.changesExchange, routingKey: BrokerNames.changeKey(source))
            }
            _ = await eventually { workers[0].counters.now.changesApplied[source] == 1 }
        }
        let path = directory.file(seat.text)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let store = try DeadLetterStore(path: "\(path)/deadletters.sqlite")
        let letters = (2...count).reversed().map { seq in
            var message = Self.message(seq, of: source, head: count)
            message.headers["x-death"] = .array([])
            return DeadLetter(
                Rejection(.expired, "its time to live ended"), source: source,
                queue: BrokerNames.changesQueue(seat), exchange: BrokerNames.changesExchange,
                routingKey: BrokerNames.changeKey(source), message: message)
        }
        _ = try await store.park(letters, broker: nil, now: WallClock.system.now)
    }

    private static func message(_ seq: Int64, of source: HIEIdentifier, head: Int64) -> Message {
        let page = JournalPage(
            epoch: epoch, after: seq - 1, through: seq, head: head, changeCount: 1,
            body: line(seq, patient: seq % 50 + 1))
        return ChangeBatch.message(source: source, page, sentAt: Timestamp(milliseconds: 0)).message
    }

    static let epoch = Epoch("2026-11-22T17:03:05.123Z-63bd003b")!  // a well-formed constant

    private static let patients = (1...60).map { FHIRFixture.number($0) }

    static func line(_ seq: Int64, patient: Int64) -> [UInt8] {
        let resource = ResourceKey(reference: "Condition/c\(seq)")!  // a well-formed constant
        let key = EntryKey(patient: patients[Int(patient) - 1], resource: resource)
        return Array(#"{"seq":\#(seq),"#.utf8) + ChangeLine.content(key, .put(Facts(category: .condition))) + [0x0A]
    }
}

extension Worker {
    func parked() async throws -> [LetterRow] { try await letters.rows(LetterFilter(), after: 0, limit: 1000) }

    /// Makes a plan of everything that is parked and replays it; returns it when it does not run any more.
    func replayAll(_ order: ReplayOrder) async throws -> ReplayPlan {
        let plan = try await letters.makePlan(LetterFilter(), selection: "all", by: "Ann")
        _ = try await letters.replay(plan.name, order)
        return try await ended(plan.name)
    }

    func ended(_ plan: String) async throws -> ReplayPlan {
        _ = try await eventually { try await letters.plan(plan).plan.state != .running }
        return try await letters.plan(plan).plan
    }
}
