import CareRecord
import Replication

/// Asks whoever may be asked: other HIEs over their brokers, and this HIE of its own journal.
struct Questioner: Sendable {
    let hie: HIEIdentifier
    let desk: JournalDesk
    let correspondence: Correspondence

    func ask(_ subject: Question.Subject, of source: HIEIdentifier) async -> AskOutcome {
        source == hie ? await desk.answer(subject) : await correspondence.ask(subject, of: source)
    }
}
