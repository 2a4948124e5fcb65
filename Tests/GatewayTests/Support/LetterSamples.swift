import AMQP
import CareRecord
import Replication

@testable import Storage
@testable import Worker

/// Dead letters, plans and their letters in few words.
enum LetterSamples {
    static let homerton = HIEIdentifier("homerton")!  // a well-formed constant
    static let moment = Timestamp(milliseconds: 1_790_000_000_000)

    static func row(
        _ id: Int64, _ message: Message, cause: Rejection.Cause = .schema, source: HIEIdentifier? = homerton,
        state: LetterState = .parked, resolution: LetterResolution? = nil
    ) -> LetterRow {
        LetterRow(
            id: id, state: state, resolution: resolution, cause: cause, detail: "member status is missing",
            source: source, type: message.type, messageID: message.messageID,
            origin: LetterOrigin(
                broker: "nel", queue: "wherry.changes.barts", exchange: "wherry.changes",
                routingKey: "change.homerton"),
            subject: LetterSubject(.change, of: message), firstSeen: moment, lastSeen: moment, count: 2,
            isEdited: false,
            sizeBytes: message.body.count, contentHash: SHA256.digest(message.body).hexadecimal)
    }

    static func plan(
        _ state: ReplayPlan.State = .finished, count: Int, order: ReplayOrder? = nil,
        selection: String = "cause schema",
        by: String = "A. Operator", endReason: String? = nil
    ) -> ReplayPlan {
        ReplayPlan(
            id: 12, hash: String(repeating: "3f9ab2c4", count: 8), state: state, createdAt: moment, createdBy: by,
            selection: selection, count: count, foreseen: VerdictCounts(), results: VerdictCounts(), order: order,
            startedAt: order == nil ? nil : moment, endedAt: state.isOver ? moment : nil, endReason: endReason)
    }

    static func letter(
        _ position: Int, cause: Rejection.Cause = .schema, foreseen: LetterVerdict = .applied,
        result: LetterVerdict? = .applied
    ) -> PlannedLetter {
        PlannedLetter(
            letter: Int64(1000 + position), position: position, cause: cause, source: homerton, seq: Int64(position),
            foreseen: foreseen, result: result, at: result == nil ? nil : moment)
    }
}
