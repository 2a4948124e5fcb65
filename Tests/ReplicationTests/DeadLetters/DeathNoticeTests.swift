import AMQP
import CareRecord
import TestSupport
import Testing

@testable import Replication

@Suite("Death notice") struct DeathNoticeTests {
    private func notice(_ delivery: Delivery) -> DeathNotice {
        DeathNotice(dead: delivery, on: BrokerLetter.deadQueue)
    }

    @Test(
        "the newest entry says cause, queue, exchange and routing key",
        arguments: zip(
            ["delivery_limit", "expired", "maxlen", "rejected", "another"],
            [Rejection.Cause.deliveryLimit, .expired, .lengthLimit, .rejected, .rejected]))
    func cause(reason: String, cause: Rejection.Cause) {
        let newest = BrokerLetter.entry(["reason": .string(reason), "count": 101])
        let older = BrokerLetter.entry(["reason": "expired", "queue": "other", "routing-keys": .array(["older"])])
        let notice = notice(BrokerLetter.dead(nil) { $0.headers["x-death"] = .array([newest, older]) })
        #expect(notice.rejection.cause == cause)
        #expect(notice.queue == "wherry.changes.homerton")
        #expect(notice.exchange == "wherry.changes")
        #expect(notice.routingKey == "change.barts")
        #expect(notice.rejection.detail.contains("in queue wherry.changes.homerton, 101 times"))
        #expect(notice.rejection.detail.contains("last at 2026-01-01T00:00:00.000Z"))
    }

    @Test("without entries the headers of the first death say it") func first() {
        let notice = notice(
            BrokerLetter.dead(nil) {
                $0.headers["x-first-death-reason"] = "maxlen"
                $0.headers["x-first-death-queue"] = "q"
                $0.headers["x-first-death-exchange"] = ""
            })
        #expect(notice.rejection.cause == .lengthLimit)
        #expect(notice.queue == "q" && notice.exchange == "" && notice.routingKey == "homerton")
    }

    @Test("what was sent to the dead letters as it is, counts as rejected where it was found") func direct() {
        let notice = notice(BrokerLetter.dead(nil))
        #expect(notice.rejection.cause == .rejected)
        #expect(notice.queue == BrokerLetter.deadQueue)
        #expect(notice.exchange == "wherry.dead" && notice.routingKey == "homerton")
        #expect(notice.rejection.detail.hasPrefix("nothing says where it died"))
    }

    @Test("what reached nobody is unrouted, with its own address, or that at which it died before") func unrouted() {
        let plain = DeathNotice(unrouted: BrokerLetter.unrouted(), on: BrokerNames.unroutedQueue)
        #expect(plain.rejection.cause == .unrouted)
        #expect(plain.queue == "wherry.unrouted" && plain.exchange == "wherry.changes")
        #expect(plain.routingKey == "change.barts")
        let died = DeathNotice(unrouted: BrokerLetter.dead(), on: BrokerNames.unroutedQueue)
        #expect(died.rejection.cause == .unrouted)
        #expect(died.queue == "wherry.changes.homerton" && died.routingKey == "change.barts")
        #expect(died.rejection.detail.contains("before that: the broker says delivery-limit"))
    }

    @Test("a source is named where property, header and routing key agree on one that may speak") func source() {
        func source(_ delivery: Delivery) -> HIEIdentifier? {
            notice(delivery).letter(for: delivery, from: [barts]).source
        }
        #expect(source(BrokerLetter.dead()) == barts)
        #expect(source(BrokerLetter.dead { $0.type = "wherry.changes.v9" }) == barts)
        #expect(source(BrokerLetter.dead { $0.appID = "homerton" }) == nil)
        #expect(source(BrokerLetter.dead { $0.headers[HeaderName.source] = nil }) == nil)
        #expect(source(BrokerLetter.dead { $0.headers["CC"] = .array(["change.kingston"]) }) == nil)
        #expect(source(BrokerLetter.dead(BrokerLetter.entry(["routing-keys": .array(["change.kingston"])]))) == nil)
        #expect(source(BrokerLetter.dead(nil)) == nil)
        let delivery = BrokerLetter.dead()
        #expect(notice(delivery).letter(for: delivery, from: [kingston]).source == nil)
    }

    @Test("the letter is the message as it came, whole") func letter() {
        let delivery = BrokerLetter.dead(isTruncated: true)
        let letter = notice(delivery).letter(for: delivery, from: [barts])
        #expect(letter.message == delivery.message)
        #expect(letter.subject.form == .message && letter.subject.through == 1)
        #expect(letter.rejection.detail.hasSuffix("only its first \(delivery.message.body.count) bytes are here"))
    }

    private static let strange: [Field] = [
        .void, .bool(true), .int(.min), .int(-1), .double(.nan), .string(""), .string("a\u{0}b\n"), .bytes([0xFF]),
        .string(String(repeating: "x", count: 300)), .timestamp(.max), .decimal(scale: 255, value: .max),
        .array([]), .array([.void, .int(1), .array([.table([:])])]), .table([:]), .table(["reason": .void]),
    ]

    @Test("whatever shape x-death has, a notice comes of it, in words that can be shown") func malformed() {
        var deliveries: [Delivery] = []
        for field in Self.strange {
            deliveries.append(BrokerLetter.dead(nil) { $0.headers["x-death"] = field })
            deliveries.append(BrokerLetter.dead(field))
            for member in ["reason", "count", "queue", "time", "exchange", "routing-keys"] {
                deliveries.append(BrokerLetter.dead(BrokerLetter.entry([member: field])))
                deliveries.append(BrokerLetter.dead(BrokerLetter.entry([member: .array([field])])))
            }
            for header in ["reason", "queue", "exchange"] {
                deliveries.append(BrokerLetter.dead(nil) { $0.headers["x-first-death-\(header)"] = field })
            }
        }
        for delivery in deliveries {
            for notice in [notice(delivery), DeathNotice(unrouted: delivery, on: BrokerNames.unroutedQueue)] {
                #expect(!notice.queue.isEmpty && notice.queue.utf8.count <= 255)
                #expect(notice.rejection.detail.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
                #expect(notice.rejection.detail.utf8.count < 1000)
            }
        }
    }

    @Test("an entry that is none is passed over, a member that is none counts as missing") func tolerant() {
        let entries: Field = .array([.int(1), BrokerLetter.entry(["count": "many", "time": .int(5)])])
        let notice = notice(BrokerLetter.dead(nil) { $0.headers["x-death"] = entries })
        #expect(
            notice.rejection
                == Rejection(.deliveryLimit, "the broker says delivery-limit, in queue wherry.changes.homerton"))
        #expect(notice.routingKey == "change.barts")
    }
}
