import AMQP
import CareRecord
import Foundation
import Replication
import TestSupport

/// A message of an HIE whose worker does not run, made so that it ends as a dead letter of one cause at the
/// subscriber's. Each is about one change and one record of its own; but for its one fault it could be applied.
struct BadMessage {
    /// How it gets there.
    enum Way {
        case publish(Outgoing)
        /// As a line of an export.
        case take(String)
    }

    static let source = HIEIdentifier("kingston")!  // a well-formed constant
    static let subscriber = HIEIdentifier("barts")!  // a well-formed constant
    private static let epoch = Epoch("2026-11-22T17:03:05.123Z-63bd003b")!  // a well-formed constant
    private static let broker = "nel"

    let seq: Int64

    /// Without a fault.
    var good: Outgoing { outgoing(message(holding: Self.line(seq))) }

    func way(to cause: Rejection.Cause) -> Way {
        var message = message(holding: Self.line(seq))
        switch cause {
        case .undecodable: message.body = Array(#"{"seq":\#(seq),"op":"put","patient":"#.utf8)
        case .schema:
            message.body = Array(Self.line(seq).replacing(#""op":"put""#, with: #""op":"perhaps""#).utf8)
        case .nhsNumberInvalid:
            message.body = Array(Self.line(seq).replacing(FHIRFixture.number(1).text, with: "9990000019").utf8)
        case .unknownType: message.type = "wherry.changes.v9"
        case .forgedSource: message.appID = "stranger"
        case .headerRefused: message.headers["CC"] = .array([.string("change.nowhere")])
        case .epochUnknown: message.headers[HeaderName.epoch] = nil
        case .applicationFailed: return .take(Self.exported(message, cause))
        case .deliveryLimit: return .publish(Self.dead(message, because: "delivery_limit"))
        case .expired: return .publish(Self.dead(message, because: "expired"))
        case .lengthLimit: return .publish(Self.dead(message, because: "maxlen"))
        case .rejected: return .publish(Self.dead(message, because: "rejected"))
        case .unrouted:
            // Where the alternate exchange would have brought it.
            return .publish(
                Outgoing(
                    message: message, exchange: BrokerNames.unroutedExchange,
                    routingKey: BrokerNames.changeKey(Self.source)))
        }
        return .publish(outgoing(message))
    }

    private func message(holding line: String) -> Message {
        let page = JournalPage(
            epoch: Self.epoch, after: seq - 1, through: seq, head: seq, changeCount: 1, body: Array((line + "\n").utf8))
        return ChangeBatch.message(source: Self.source, page, sentAt: Self.now).message
    }

    private func outgoing(_ message: Message) -> Outgoing {
        Outgoing(
            message: message, exchange: BrokerNames.changesExchange, routingKey: BrokerNames.changeKey(Self.source))
    }

    /// As the broker writes it into what it puts aside, and where it puts it.
    private static func dead(_ message: Message, because reason: String) -> Outgoing {
        var message = message
        message.headers["x-death"] = .array([
            .table([
                "reason": .string(reason), "queue": .string(BrokerNames.changesQueue(Seat(subscriber))),
                "exchange": .string(BrokerNames.changesExchange),
                "routing-keys": .array([.string(BrokerNames.changeKey(source))]), "count": .int(1),
            ])
        ])
        return Outgoing(
            message: message, exchange: BrokerNames.deadExchange, routingKey: BrokerNames.deadKey(Seat(subscriber)))
    }

    private static func exported(_ message: Message, _ cause: Rejection.Cause) -> String {
        let members: [(String, String)] = [
            ("cause", cause.rawValue), ("detail", "it could not be applied"), ("source", source.text),
            ("broker", broker), ("queue", BrokerNames.changesQueue(Seat(subscriber))),
            ("exchange", BrokerNames.changesExchange), ("routingKey", BrokerNames.changeKey(source)),
            ("form", LetterSubject.Form.message.rawValue), ("firstSeen", now.text), ("lastSeen", now.text),
        ]
        let body = Data(message.body).base64EncodedString()
        let content = #"{"properties":\#(message.propertiesText),"bodyBase64":"\#(body)"}"#
        let texts = members.map { #""\#($0)":"\#($1)""# }.joined(separator: ",")
        return "{\(texts),\"count\":1,\"content\":\(content)}\n"
    }

    private static func line(_ seq: Int64) -> String {
        let resource = ResourceKey(reference: "Condition/c\(seq)")!  // a well-formed reference
        let key = EntryKey(patient: FHIRFixture.number(1), resource: resource)
        let content = ChangeLine.content(key, .put(Facts(category: .condition)))
        return #"{"seq":\#(seq),"# + String(decoding: content, as: UTF8.self)
    }

    private static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
