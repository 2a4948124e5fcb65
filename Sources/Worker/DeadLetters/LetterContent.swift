import AMQP
import Replication
import Storage

/// Of a letter what decides what a replay of it would do.
struct LetterContent: Sendable {
    let identity: LetterIdentity
    let message: Message
    let subject: LetterSubject
    let routingKey: String
}

extension ParkedLetter {
    var content: LetterContent {
        LetterContent(identity: identity, message: message, subject: row.subject, routingKey: row.origin.routingKey)
    }
}

extension DueLetter {
    var content: LetterContent {
        LetterContent(identity: identity, message: message, subject: subject, routingKey: routingKey)
    }
}

extension LetterReader {
    /// What the letter says; throws why it would be refused again.
    func read(_ letter: LetterContent) throws(Rejection) -> ChangeBatch {
        try read(letter.message, letter.subject, routingKey: letter.routingKey)
    }
}
