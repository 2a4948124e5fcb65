import AMQP
import CareRecord
import Testing

@testable import Replication

private let epoch = Epoch("2026-01-01T00:00:00.000Z-0000beef")!  // a well-formed constant

private func key(_ reference: String) -> EntryKey {
    EntryKey(patient: NHSNumber(firstNine: 999_000_001)!, resource: ResourceKey(reference: reference)!)  // constants
}

private func delivery(_ outgoing: Outgoing, change: (inout Message) -> Void = { _ in }, routingKey: String? = nil)
    -> Delivery
{
    var message = outgoing.message
    change(&message)
    return Delivery(
        message: message, tag: DeliveryTag(number: 1), isRedelivered: false, exchange: outgoing.exchange,
        routingKey: routingKey ?? outgoing.routingKey)
}

private func batch(_ lines: [String], after: Int64 = 0, through: Int64 = 9) -> Outgoing {
    let page = JournalPage(
        epoch: epoch, after: after, through: through, head: through, changeCount: lines.count,
        body: Array(lines.joined(separator: "\n").utf8), isFull: false)
    return ChangeBatch.message(source: barts, page, sentAt: Timestamp(milliseconds: 1_767_225_600_000))
}

private func read(_ delivery: Delivery) throws(Rejection) -> IncomingBatch {
    try IncomingBatch(delivery, header: MessageHeader(delivery, from: [barts]), queue: "q")
}

@Suite("Change lines") struct ChangeLineTests {
    @Test("what is written is read back") func roundTrip() throws {
        let effects: [Change.Effect] = [
            .withdraw,
            .put(Facts(category: .condition)),
            .put(
                Facts(
                    category: .carePlan, code: "a\"b", system: "s\\", display: "tab\tnew\nline é 😀", status: "active",
                    date: "2024-02-29T10:00:00+01:00")),
            .put(
                Facts(
                    category: .demographics,
                    demographics: Demographics(
                        family: "Okafor", given: ["Ada", "N."], birthDate: "1980-01-01", gender: "female",
                        postalCode: "SW4 7AA", deceased: "true"))),
        ]
        for effect in effects {
            let content = ChangeLine.content(key("Condition/c-1"), effect)
            var body: [UInt8] = []
            content.withUnsafeBytes { ChangeLine.append(seq: 42, content: $0, to: &body) }
            #expect(body.last == UInt8(ascii: "\n"))
            #expect(try ChangeLine.read(body.dropLast()) == Change(seq: 42, key: key("Condition/c-1"), effect: effect))
        }
    }

    @Test(
        "a line that is not a change is refused with its cause and without its values",
        arguments: [
            ("nonsense", .undecodable),
            ("[]", .schema),
            (#"{"seq":0,"op":"withdraw","patient":"9990000018","resource":"Condition/1"}"#, .schema),
            (#"{"seq":1.5,"op":"withdraw","patient":"9990000018","resource":"Condition/1"}"#, .schema),
            (#"{"seq":1,"op":"erase","patient":"9990000018","resource":"Condition/1"}"#, .schema),
            (#"{"seq":1,"op":"withdraw","patient":"9990000017","resource":"Condition/1"}"#, .nhsNumberInvalid),
            (#"{"seq":1,"op":"withdraw","patient":9990000018,"resource":"Condition/1"}"#, .schema),
            (#"{"seq":1,"op":"withdraw","patient":"9990000018","resource":"condition"}"#, .schema),
            (#"{"seq":1,"op":"put","patient":"9990000018","resource":"Condition/1","category":"magic"}"#, .schema),
            (
                #"{"seq":1,"op":"put","patient":"9990000018","resource":"Condition/1","category":"condition","code":7}"#,
                .schema
            ),
            (
                #"{"seq":1,"op":"put","patient":"9990000018","resource":"Patient/1","category":"demographics","demographics":"x"}"#,
                .schema
            ),
        ] as [(String, Rejection.Cause)])
    func refused(line: String, cause: Rejection.Cause) {
        let rejection = #expect(throws: Rejection.self) { try ChangeLine.read(ArraySlice(line.utf8)) }
        #expect(rejection?.cause == cause)
        #expect(rejection?.detail.contains("999000001") == false)
    }

    @Test("members that a later version may add are ignored") func unknownMembers() throws {
        let line = #"{"seq":1,"op":"withdraw","patient":"9990000018","resource":"Condition/1","later":{"a":[1]}}"#
        #expect(try ChangeLine.read(ArraySlice(line.utf8)).effect == .withdraw)
    }

    @Test("a line above the limit is refused unread") func tooLong() {
        let line = Array(repeating: UInt8(ascii: "x"), count: ChangeLine.lengthMaxBytes + 1)
        #expect(throws: Rejection.self) { try ChangeLine.read(line[...]) }
    }
}

@Suite("Change messages") struct ChangeMessageTests {
    private let withdraw = #"{"seq":3,"op":"withdraw","patient":"9990000018","resource":"Condition/1"}"#

    @Test("a message says its range, source and epoch, and is read back") func roundTrip() throws {
        let incoming = try read(delivery(batch([withdraw], after: 2, through: 5)))
        #expect(incoming.batch.after == 2)
        #expect(incoming.batch.through == 5)
        #expect(incoming.batch.epoch == epoch)
        #expect(incoming.batch.changes.map(\.seq) == [3])
        #expect(incoming.letters.isEmpty)
    }

    @Test("the same range has the same id always") func stableID() {
        #expect(batch([withdraw]).message.messageID == "barts/\(epoch)/0-9")
    }

    @Test("promise P6: one bad line is parked alone, the others stand") func badLine() throws {
        let incoming = try read(
            delivery(batch([withdraw, "{", withdraw.replacing("3", with: "4", maxReplacements: 1)])))
        #expect(incoming.batch.changes.map(\.seq) == [3, 4])
        #expect(incoming.letters.map(\.rejection.cause) == [.undecodable])
        #expect(incoming.letters.map(\.message.body) == [Array("{".utf8)])
    }

    @Test("a change outside the range that the headers name is refused") func outside() throws {
        let incoming = try read(delivery(batch([withdraw], after: 3, through: 5)))
        #expect(incoming.batch.changes.isEmpty)
        #expect(incoming.letters.map(\.rejection.cause) == [.schema])
    }

    @Test("a message that is not what it claims is refused with its cause") func crossChecks() {
        let good = batch([withdraw])
        let cases: [(Rejection.Cause, Delivery)] = [
            (.headerRefused, delivery(good) { $0.headers["CC"] = .array([.string("change.homerton")]) }),
            (.headerRefused, delivery(good) { $0.headers["BCC"] = .string("x") }),
            (.unknownType, delivery(good) { $0.type = nil }),
            (.unknownType, delivery(good) { $0.type = "wherry.changes.v9" }),
            (.forgedSource, delivery(good) { $0.appID = "homerton" }),
            (.forgedSource, delivery(good) { $0.appID = "BARTS" }),
            (.forgedSource, delivery(good, routingKey: "change.homerton")),
            (.forgedSource, delivery(good) { $0.headers[HeaderName.source] = .string("urn:wherry:hie:homerton") }),
            (.forgedSource, delivery(good) { $0.headers[HeaderName.source] = .int(1) }),
            (.epochUnknown, delivery(good) { $0.headers[HeaderName.epoch] = nil }),
            (.epochUnknown, delivery(good) { $0.headers[HeaderName.epoch] = .string("a b") }),
            (.schema, delivery(good) { $0.headers[HeaderName.after] = .string("0") }),
            (.schema, delivery(good) { $0.headers[HeaderName.through] = .int(0) }),
            (.undecodable, delivery(good) { $0.contentType = "text/plain" }),
        ]
        for (cause, delivery) in cases {
            let rejection = #expect(throws: Rejection.self) { try read(delivery) }
            #expect(rejection?.cause == cause)
        }
    }
}

@Suite("Pulses") struct PulseTests {
    private let pulse = Pulse(
        source: barts, epoch: epoch, head: 12, digest: 0xdead_beef, intervalMilliseconds: 500)

    @Test("a pulse is read back, is not kept on disk and does not live long") func roundTrip() throws {
        let outgoing = pulse.message(sentAt: Timestamp(milliseconds: 5000), lifetimeMilliseconds: 6000)
        #expect(outgoing.message.expiration == "6000")
        #expect(!outgoing.message.isPersistent)
        let incoming = delivery(outgoing)
        #expect(try Pulse(incoming, header: MessageHeader(incoming, from: [barts])) == pulse)
    }

    @Test(
        "a pulse without head or digest is refused",
        arguments: [
            "", "{}", #"{"head":-1,"digest":"00000000deadbeef"}"#, #"{"head":"1","digest":"00000000deadbeef"}"#,
            #"{"head":1,"digest":"dead"}"#, #"{"head":1,"digest":"+0000000deadbeef"}"#,
            #"{"head":1,"digest":"-000000000000000"}"#, #"{"head":1,"digest":7}"#,
        ])
    func refused(body: String) throws {
        let outgoing = pulse.message(sentAt: Timestamp(milliseconds: 5000), lifetimeMilliseconds: 6000)
        let incoming = delivery(outgoing) { $0.body = Array(body.utf8) }
        let header = try MessageHeader(incoming, from: [barts])
        #expect(throws: Rejection.self) { try Pulse(incoming, header: header) }
    }
}
