import CareRecord
import Replication

/// Asks whoever may be asked: HIEs over their brokers, and the own journal where this worker keeps one.
struct Questioner: Sendable {
    let seat: Seat
    /// `nil` at a replica.
    let desk: JournalDesk?
    let correspondence: Correspondence

    func ask(_ subject: Question.Subject, of source: HIEIdentifier) async -> AskOutcome {
        if let desk, desk.hie == source { return await desk.answer(subject) }
        return await correspondence.ask(subject, of: source)
    }
}
