import CareRecord
import Storage

/// What a worker says of a plan.
struct PlanAnswer: Sendable, Hashable {
    /// More letters than any plan has; what a worker says above that is cut to it.
    private static let countMax: Int64 = 1 << 40

    /// How many came, or would come, to what. A plan that has not begun has only what is foreseen.
    struct Counts: Sendable, Hashable {
        let applied, duplicate, superseded, failed: Int

        var total: Int { applied + duplicate + superseded + failed }
    }

    /// `12-3f9ab2c4`.
    let name: String
    /// The worker's word.
    let stateWord: String
    let count: Int
    let foreseen: Counts
    let results: Counts
    let notAttempted: Int
    let selection, createdAt, createdBy: String
    /// `nil` before it was started.
    let order: Order?
    let startedAt, endedAt, endReason: String?
    /// Why it does not get on at present.
    let trouble: String?
    /// Letters.
    let perSecond: Double?
    /// How many are on their way at most.
    let window: Int?

    struct Order: Sendable, Hashable {
        let to, by, reason: String
        let canary: Int
        let rate: Double?
        let stopOnFailures: Int?
    }

    /// `nil` for what is no plan.
    init?(_ json: JSON) {
        guard let name = json["plan"]?.text, let state = json["state"]?.text else { return nil }
        self.name = Table.Cell(name).text
        stateWord = Table.Cell(state).text
        count = Self.count(json["count"])
        foreseen = Counts(
            applied: Self.count(json["foreseen"]?["apply"]), duplicate: Self.count(json["foreseen"]?["duplicate"]),
            superseded: Self.count(json["foreseen"]?["superseded"]), failed: Self.count(json["foreseen"]?["failAgain"]))
        results = Counts(
            applied: Self.count(json["results"]?["applied"]), duplicate: Self.count(json["results"]?["duplicate"]),
            superseded: Self.count(json["results"]?["superseded"]), failed: Self.count(json["results"]?["failedAgain"]))
        notAttempted = json["results"]?["notAttempted"].map { Self.count($0) } ?? max(0, count - results.total)
        selection = json["selection"]?.text ?? ""
        createdAt = json["createdAt"]?.text ?? ""
        createdBy = json["createdBy"]?.text ?? ""
        order = json["order"]?.present.map { Order($0) }
        startedAt = json["startedAt"]?.text
        endedAt = json["endedAt"]?.text
        endReason = json["endReason"]?.text
        trouble = json["trouble"]?.text
        perSecond = json["perSecond"]?.double
        window = json["window"]?.present.map { Self.count($0) }
    }

    /// `nil` for a word that this version does not know.
    var state: ReplayPlan.State? { ReplayPlan.State(rawValue: stateWord) }

    /// Letters that something has come of.
    var done: Int { min(count, results.total) }

    /// Whether everything was done and nothing was refused again.
    var isClean: Bool { state == .finished && results.failed == 0 }

    var path: String { "/api/deadletters/plans/\(name)" }

    fileprivate static func count(_ json: JSON?) -> Int { Int(min(countMax, max(0, json?.integer ?? 0))) }
}

extension PlanAnswer.Order {
    fileprivate init(_ json: JSON) {
        to = json["to"]?.text ?? "?"
        by = json["by"]?.text ?? "?"
        reason = json["reason"]?.text ?? ""
        canary = PlanAnswer.count(json["canary"])
        rate = json["rate"]?.double
        stopOnFailures = json["stopOnFailures"]?.present.map { PlanAnswer.count($0) }
    }
}

extension WorkerReply {
    /// The plan that was answered with.
    func plan(from url: WorkerURL) throws -> PlanAnswer {
        guard let plan = PlanAnswer(try json(from: url)) else {
            throw CommandFailure(.failed, "\(url) answered with something else than a plan: is it a worker of Wherry?")
        }
        return plan
    }
}
