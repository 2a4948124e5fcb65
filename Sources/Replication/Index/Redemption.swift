/// A dead letter that is to be applied after all.
package struct Redemption: Sendable, Hashable {
    package let letter: LetterIdentity
    /// The plan it belongs to.
    package let plan: Int64
    /// What the letter says: for a line, a batch of one change and its own number.
    package let batch: ChangeBatch

    package init(letter: LetterIdentity, plan: Int64, batch: ChangeBatch) {
        self.letter = letter
        self.plan = plan
        self.batch = batch
    }
}
