import CareRecord
import HTTPTypes
import Storage

/// What became of the resources of a request, in numbers.
struct SubmissionCounts: Sendable, Hashable {
    var created = 0
    var updated = 0
    var unchanged = 0
    var deleted = 0
    var failed = 0
    /// Of those stored: in nobody's record, because no NHS number is known for their patient.
    var unlinked = 0

    mutating func count(_ outcome: RecordOutcome) {
        switch outcome {
        case .created: created += 1
        case .updated: updated += 1
        case .unchanged, .absent: unchanged += 1
        case .deleted: deleted += 1
        }
    }

    var named: [(name: String, count: Int)] {
        [
            ("created", created), ("updated", updated), ("unchanged", unchanged), ("deleted", deleted),
            ("failed", failed), ("unlinked", unlinked),
        ]
    }

    /// The header that sums an answer up, so that its sender need not read all of it: `created=3, updated=0, …`.
    static let header = HTTPField.Name("Wherry-Summary")!  // a constant that is a token

    var headers: HTTPFields {
        [Self.header: named.map { "\($0.name)=\($0.count)" }.joined(separator: ", ")]
    }
}
