import AMQP
import CareRecord
import LoadTest
import Replication
import TestSupport

@testable import Storage

let letterEpoch = Epoch("2026-11-22T17:03:05.123Z-63bd003b")!  // a well-formed constant

func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

/// Dead letters in few words.
enum Letters {
    static let barts = HIEIdentifier("barts")!  // a well-formed constant
    static let kingston = HIEIdentifier("kingston")!  // a well-formed constant

    /// The line of change `seq` of a message with the range (`after`, `through`].
    static func change(
        _ seq: Int64, of source: HIEIdentifier = barts, resource: String? = nil, patient: Int64 = 1,
        cause: Rejection.Cause = .nhsNumberInvalid
    ) -> DeadLetter {
        let resource = ResourceKey(reference: resource ?? "Condition/c\(seq)")!  // a well-formed constant
        let key = EntryKey(patient: FHIRFixture.number(patient), resource: resource)
        var line = Array(#"{"seq":\#(seq),"#.utf8)
        line += ChangeLine.content(key, .put(Facts(category: .condition)))
        var message = self.message(source, after: seq - 1, through: seq + 1)
        message.body = line
        return DeadLetter(
            Rejection(cause, "as an example"), source: source, queue: "wherry.changes.kingston",
            exchange: BrokerNames.changesExchange, routingKey: BrokerNames.changeKey(source), message: message,
            form: .change)
    }

    /// A whole message with the range (`after`, `through`].
    static func whole(
        after: Int64, through: Int64, of source: HIEIdentifier? = barts, cause: Rejection.Cause = .expired,
        queue: String = "wherry.changes.kingston"
    ) -> DeadLetter {
        DeadLetter(
            Rejection(cause, "as an example"), source: source, queue: queue, exchange: BrokerNames.changesExchange,
            routingKey: BrokerNames.changeKey(source ?? barts),
            message: message(source ?? barts, after: after, through: through))
    }

    private static func message(_ source: HIEIdentifier, after: Int64, through: Int64) -> Message {
        let page = JournalPage(
            epoch: letterEpoch, after: after, through: through, head: through, changeCount: 0, body: [])
        return ChangeBatch.message(source: source, page, sentAt: at(0)).message
    }
}

/// A store in a directory of its own.
struct Kept {
    let directory: TemporaryDirectory
    let store: DeadLetterStore

    init() throws {
        directory = try TemporaryDirectory()
        store = try DeadLetterStore(path: directory.file("deadletters.sqlite"))
    }

    func sqlite(_ statement: String) async throws -> String {
        try await Subprocess.run("/usr/bin/sqlite3", [directory.file("deadletters.sqlite"), statement])
    }

    func reopened() throws -> DeadLetterStore { try DeadLetterStore(path: directory.file("deadletters.sqlite")) }
}
