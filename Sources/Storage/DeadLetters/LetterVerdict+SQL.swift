import GRDB
import Replication

extension LetterVerdict {
    /// Four columns: word, seq, cause, detail; `nil` where there is none.
    init?(_ row: borrowing PreparedStatement, from column: Int32) {
        switch row.text(column) {
        case "applied": self = .applied
        case "duplicate": self = .duplicate
        case "superseded": self = .superseded(by: row.optionalInt(column + 1))
        case "failed":
            let cause = row.text(column + 2).flatMap(Rejection.Cause.init) ?? .applicationFailed
            self = .failed(Rejection(cause, row.text(column + 3) ?? ""))
        default: return nil
        }
    }
}

extension PreparedStatement {
    /// Four parameters: applied, duplicate, superseded, failed.
    func bind(_ counts: VerdictCounts, at index: Int32) {
        for (offset, count) in [counts.applied, counts.duplicate, counts.superseded, counts.failed].enumerated() {
            bind(Int64(count), at: index + Int32(offset))
        }
    }

    /// Four parameters: word, seq, cause, detail.
    func bind(_ verdict: LetterVerdict, at index: Int32) {
        var seq: Int64?
        var rejection: Rejection?
        let word: String
        switch verdict {
        case .applied: word = "applied"
        case .duplicate: word = "duplicate"
        case .superseded(let by):
            word = "superseded"
            seq = by
        case .failed(let why):
            word = "failed"
            rejection = why
        }
        bind(word, at: index)
        bind(seq, at: index + 1)
        bind(rejection?.cause.rawValue, at: index + 2)
        bind(rejection?.detail, at: index + 3)
    }
}
