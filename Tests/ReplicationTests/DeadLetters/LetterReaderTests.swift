import AMQP
import CareRecord
import Replication
import TestSupport
import Testing

private let epoch = Epoch("2026-11-22T17:03:05.123Z-63bd003b")!  // a well-formed constant

@Suite("Reading dead letters") struct LetterReaderTests {
    private let reader = LetterReader(sources: [barts])

    private func line(_ seq: Int64, _ resource: String) -> [UInt8] {
        let key = EntryKey(patient: FHIRFixture.number(1), resource: ResourceKey(reference: resource)!)  // a constant
        return Array(#"{"seq":\#(seq),"#.utf8) + ChangeLine.content(key, .put(Facts(category: .condition)))
    }

    private func message(after: Int64, through: Int64, _ body: [UInt8]) -> Message {
        let page = JournalPage(
            epoch: epoch, after: after, through: through, head: through, changeCount: 1, body: body)
        return ChangeBatch.message(source: barts, page, sentAt: Timestamp(milliseconds: 0)).message
    }

    @Test("a line is read as a message of its own number, whatever carried it") func lineOfPage() throws {
        var message = message(after: 3, through: 40, line(7, "Condition/a"))
        message.type = MessageHeader.Kind.changesPage.rawValue
        message.headers[HeaderName.type] = .string(MessageHeader.Kind.changesPage.rawValue)
        message.headers["x-death"] = .array([])
        message.expiration = "5"
        let subject = LetterSubject(.change, of: message)
        let batch = try reader.read(message, subject, routingKey: "kingston.1")
        #expect(batch.after == 6 && batch.through == 7 && batch.changes.map(\.seq) == [7] && batch.epoch == epoch)
        let mark = ReplayMark(seat: Seat(barts), plan: 3, letter: 4)
        let sent = message.marked(mark, subject)
        #expect(ReplayMark(sent) == mark)
        #expect(sent.type == MessageHeader.Kind.changes.rawValue && sent.messageID == message.messageID)
        #expect(sent.headers["x-death"] == nil && sent.expiration == nil && sent.isPersistent)
        #expect(sent.headers[HeaderName.after] == .int(6) && sent.headers[HeaderName.through] == .int(7))
    }

    @Test("a whole message is read with its range, and refused for any line that is") func whole() throws {
        let good = message(after: 3, through: 9, line(7, "Condition/a") + [0x0A] + line(9, "Condition/b") + [0x0A])
        let subject = LetterSubject(.message, of: good)
        let batch = try reader.read(good, subject, routingKey: "change.barts")
        #expect(batch.after == 3 && batch.through == 9 && batch.changes.count == 2)
        var bad = good
        bad.body += Array("{}\n".utf8)
        #expect(throws: Rejection.self) { try reader.read(bad, subject, routingKey: "change.barts") }
        #expect(throws: Rejection.self) { try reader.read(good, subject, routingKey: "change.kingston") }
    }

    @Test("what is no change message cannot be replayed, and the refusal says so") func otherKind() {
        let header = MessageHeader(
            .pulse, source: barts, epoch: epoch, id: "p", sentAt: Timestamp(milliseconds: 0))
        let pulse = header.message(contentType: "application/json", body: Array("{}".utf8))
        let refusal = #expect(throws: Rejection.self) {
            try reader.read(pulse, LetterSubject(.message, of: pulse), routingKey: "pulse.barts")
        }
        #expect(refusal?.cause == .unknownType)
    }

    @Test("a line whose number could not be read at first brings its own number only") func numberless() throws {
        let message = message(after: 3, through: 40, line(7, "Condition/a"))
        let batch = try reader.read(message, LetterSubject(form: .change), routingKey: "change.barts")
        #expect(batch.after == 6 && batch.through == 7)
    }

    @Test("a letter of one change takes no second line") func twoLines() {
        let two = message(after: 3, through: 9, line(7, "Condition/a") + [0x0A] + line(8, "Condition/b"))
        let refusal = #expect(throws: Rejection.self) {
            try reader.read(two, LetterSubject(.change, of: two), routingKey: "change.barts")
        }
        #expect(refusal?.cause == .schema)
    }

    @Test(
        "a mark is read only in its own form",
        arguments: ["", "barts", "barts/1", "barts/1/x", "B/1/2", "a/1/2/3", "a./1/2"])
    func marks(text: String) {
        #expect(ReplayMark(Message(body: [], headers: [HeaderName.replay: .string(text)])) == nil)
    }

    @Test("a mark names one worker: an HIE's primary, or one of its replicas", arguments: ["barts/1/2", "barts.a/1/2"])
    func seats(text: String) {
        #expect(ReplayMark(Message(body: [], headers: [HeaderName.replay: .string(text)]))?.text == text)
    }

    @Test("every kind of header survives being written down and read") func properties() throws {
        var message = Message(body: [1, 2], contentType: "c", messageID: "m", timestamp: 5, priority: 9)
        message.headers = [
            "a": .table(["double": .string("x")]), "b": .table([:]), "c": .array([.void, .bool(false), .int(-1)]),
            "d": .double(1e300), "e": .bytes([0, 255]), "f": .timestamp(.max), "g": .decimal(scale: 3, value: 7),
            "h": .table(["table": .table(["bytes": .int(1)])]),
        ]
        let read = try #require(Message(propertiesText: Array(message.propertiesText.utf8), body: [1, 2]))
        #expect(read == message)
        #expect(Message(propertiesText: Array("[]".utf8), body: []) == nil)
    }
}
