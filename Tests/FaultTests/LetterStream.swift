import AMQP
import CareRecord
import Foundation
import LoadTest
import Logging
import Replication
import TestSupport

/// The journal of homerton, whose worker does not run, so that nothing repairs what is done to its changes: as messages
/// on their way to kingston, or put aside by the broker.
enum LetterStream {
    static let source = HIEIdentifier("homerton")!  // a well-formed constant
    static let reader = HIEIdentifier("kingston")!  // a well-formed constant
    private static let epoch = Epoch("2026-11-22T17:03:05.123Z-63bd003b")!  // a well-formed constant
    private static let sentAt = Timestamp(milliseconds: 1_795_000_000_000)
    private static let patients = (1...50).map { FHIRFixture.number($0) }

    /// What is wrong with a change.
    enum Flaw: Sendable {
        case wrongCheckDigit
        case isCut
    }

    static func patient(of record: Int64) -> NHSNumber { patients[Int(record) % patients.count] }

    /// A change of a record, under its number; `padding` are characters more.
    static func line(_ seq: Int64, of record: Int64? = nil, _ flaw: Flaw? = nil, padding: Int = 0) -> [UInt8] {
        let record = record ?? seq
        let resource = ResourceKey(reference: "Condition/c\(record)")!  // well-formed
        var facts = Facts(category: .condition)
        facts.code = String(seq)
        if padding > 0 { facts.display = String(repeating: "x", count: padding) }
        let content = ChangeLine.content(EntryKey(patient: patient(of: record), resource: resource), .put(facts))
        let line = Array(#"{"seq":\#(seq),"#.utf8) + content + [UInt8(ascii: "\n")]
        switch flaw {
        case nil: return line
        case .isCut: return Array(line.prefix(60))
        case .wrongCheckDigit:
            let number = patient(of: record).text
            let wrong = "\(number.dropLast())\(number.hasSuffix("0") ? 1 : 0)"
            return Array(String(decoding: line, as: UTF8.self).replacingOccurrences(of: number, with: wrong).utf8)
        }
    }

    /// The message of a range of the journal.
    static func message(after: Int64, through: Int64, _ body: [UInt8]) -> Message {
        let page = JournalPage(
            epoch: epoch, after: after, through: through, head: through, changeCount: Int(through - after), body: body)
        return ChangeBatch.message(source: source, page, sentAt: sentAt).message
    }

    /// The message of one change.
    static func message(
        _ seq: Int64, of record: Int64? = nil, _ flaw: Flaw? = nil, padding: Int = 0
    ) -> Message {
        message(after: seq - 1, through: seq, line(seq, of: record, flaw, padding: padding))
    }

    /// As RabbitMQ hands it to its dead-letter exchange, for `reason`.
    static func dead(_ message: Message, _ reason: String) -> Message {
        var message = message
        message.headers["x-death"] = .array([
            .table([
                "reason": .string(reason), "queue": .string(BrokerNames.changesQueue(Seat(reader))),
                "exchange": .string(BrokerNames.changesExchange),
                "routing-keys": .array([.string(BrokerNames.changeKey(source))]), "count": 1,
                "time": .timestamp(1_795_000_000),
            ])
        ])
        return message
    }

    /// A row of an index as the tests read it: the record as its change `seq` left it.
    static func row(_ record: Int64, _ seq: Int64) -> String {
        "Condition/c\(record) \(patient(of: record).value) \(seq) \(seq)"
    }
}

extension FaultMesh {
    /// A session with the broker for the test itself.
    func withSession<Value: Sendable>(_ body: @Sendable (Session) async throws -> Value) async throws -> Value {
        let session = try await Session.open(
            Endpoint(url: brokerURL), settings: SessionSettings(name: "test"),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            let value = try await body(session)
            await session.close()
            return value
        } catch {
            await session.close()
            throw error
        }
    }

    /// Sends changes of `source` on their way to everybody.
    func publish(_ messages: [Message], of source: HIEIdentifier = LetterStream.source) async throws {
        try await confirm(messages, BrokerNames.changesExchange, BrokerNames.changeKey(source))
    }

    /// Puts messages where the broker puts what it gave up delivering to kingston.
    func putAside(_ messages: [Message]) async throws {
        try await confirm(messages, BrokerNames.deadExchange, BrokerNames.deadKey(Seat(LetterStream.reader)))
    }

    private struct Unconfirmed: Error {}

    private func confirm(_ messages: [Message], _ exchange: String, _ routingKey: String) async throws {
        let outgoing = messages.map {
            Outgoing(message: $0, exchange: exchange, routingKey: routingKey, isMandatory: true)
        }
        try await withSession { session in
            var first = 0
            while first < outgoing.count {
                let batch = Array(outgoing[first..<min(first + Self.publishedTogether, outgoing.count)])
                _ = try await session.publish(batch)
                var open = batch.count
                while open > 0 {
                    let settlements = try await session.nextSettlements()
                    guard settlements.allSatisfy({ $0.outcome == .confirmed }) else { throw Unconfirmed() }
                    open -= settlements.count
                }
                first += batch.count
            }
        }
    }

    private static let publishedTogether = 200

    /// Messages of a queue, those included that somebody holds and has not acknowledged.
    func messageCount(_ queue: String) async throws -> Int? {
        let host = brokerURL.split(separator: "/").last ?? ""
        let said = try await broker.eval(
            """
            {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"\(host)">>, queue, <<"\(queue)">>)), \
            {ok, {_, N}, _} = ra:local_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1), N.
            """)
        return Int(said.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
