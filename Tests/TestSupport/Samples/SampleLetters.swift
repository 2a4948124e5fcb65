import CareRecord
package import Replication

extension LetterIdentity {
    /// One letter a number.
    package static func sample(_ number: Int64) -> LetterIdentity {
        let bytes = SHA256.digest(Array("letter \(number)".utf8))
        guard let letter = LetterIdentity(bytes: bytes) else { preconditionFailure("a digest has its length") }
        return letter
    }
}

extension Gap {
    /// Of the line of this number.
    package static func sample(_ seq: Int64) -> Gap { Gap(letter: .sample(seq), after: seq - 1, through: seq) }
}

extension ChangeBatch {
    /// The same as it is read when these lines are damaged; their numbers can be read unless they are in `unnumbered`.
    package func damaged(_ seqs: Set<Int64>, unnumbered: Set<Int64> = []) -> ChangeBatch {
        let parked = changes.map(\.seq).filter { seqs.contains($0) || unnumbered.contains($0) }
        return ChangeBatch(
            source: source, epoch: epoch, after: after, through: through, head: head,
            changes: changes.filter { !parked.contains($0.seq) },
            gaps: parked.map { seq in
                unnumbered.contains(seq)
                    ? Gap(letter: .sample(seq), after: after, through: through) : Gap.sample(seq)
            })
    }

    /// The replay of one of its lines.
    package func redemption(of seq: Int64, plan: Int64 = 1) -> Redemption {
        Redemption(
            letter: .sample(seq), plan: plan,
            batch: ChangeBatch(
                source: source, epoch: epoch, after: seq - 1, through: seq, changes: changes.filter { $0.seq == seq }))
    }
}
