import CareRecord

/// What became of everything that was sent.
struct IngestTally: Encodable {
    /// What was wrong with one file; a bounded number of texts.
    struct Refused: Encodable {
        let file: String
        var issues: [String]
    }

    static let issuesPerFileMax = 20
    static let errorsMax = 1000

    private(set) var files = 0
    private(set) var accepted = 0
    private(set) var created = 0
    private(set) var updated = 0
    private(set) var unchanged = 0
    private(set) var deleted = 0
    private(set) var failed = 0
    private(set) var unlinked = 0
    private(set) var errors: [Refused] = []
    /// Files with something refused, those that ``errors`` has no place for included.
    private(set) var refusedFiles = 0

    mutating func begin() { files += 1 }

    mutating func add(_ reply: WorkerReply, of file: InputFile) {
        let before = failed
        for (name, count) in Self.counts(reply.summary) {
            switch name {
            case "created": created += count
            case "updated": updated += count
            case "unchanged": unchanged += count
            case "deleted": deleted += count
            case "failed": failed += count
            case "unlinked": unlinked += count
            default: break
            }
        }
        accepted = created + updated + unchanged + deleted
        guard !reply.isSuccess || failed > before else { return }
        if !reply.isSuccess { failed += 1 }
        let issues = Self.issues(reply)
        refuse(file, issues.isEmpty ? ["the worker answered with status \(reply.status)"] : issues)
    }

    /// Notes what is wrong with a file that could not be sent.
    mutating func add(_ failure: Payload.Failure, of file: InputFile) {
        failed += 1
        refuse(file, [failure.reason])
    }

    private mutating func refuse(_ file: InputFile, _ issues: [String]) {
        if let last = errors.indices.last, errors[last].file == file.path {
            errors[last].issues += issues.prefix(max(0, Self.issuesPerFileMax - errors[last].issues.count))
            return
        }
        refusedFiles += 1
        guard errors.count < Self.errorsMax else { return }
        errors.append(Refused(file: file.path, issues: Array(issues.prefix(Self.issuesPerFileMax))))
    }

    /// Reads `created=3, updated=0`.
    private static func counts(_ summary: String?) -> [(String, Int)] {
        (summary ?? "").split(separator: ",").compactMap { part in
            let pair = part.split(separator: "=")
            guard pair.count == 2, let count = Int(pair[1]) else { return nil }
            return (pair[0].filter { $0 != " " }, count)
        }
    }

    /// The errors of an OperationOutcome, which a Parameters resource may carry.
    private static func issues(_ reply: WorkerReply) -> [String] {
        guard let json = try? JSON.parse(reply.body) else { return [] }
        let parts = json["parameter"]?.elements ?? []
        let outcome = parts.first { $0["name"]?.text == "outcome" }?["resource"] ?? json
        return (outcome["issue"]?.elements ?? []).compactMap { issue in
            guard ["fatal", "error"].contains(issue["severity"]?.text) else { return nil }
            let place = issue["expression"]?.elements?.first?.text.map { "\($0): " } ?? ""
            return "\(place)\(issue["diagnostics"]?.text ?? "no reason given")"
        }
    }

    var description: String {
        var parts = ["\(accepted) accepted"]
        let others: [(Int, String)] = [
            (created, "created"), (updated, "updated"), (unchanged, "unchanged"), (deleted, "deleted"),
            (unlinked, "unlinked"), (failed, "failed"),
        ]
        parts += others.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return parts.joined(separator: ", ")
    }
}
