import CareRecord
import HTTPTypes
import Hummingbird
import Storage
import Worker

/// `/api/deadletters/plans`: freezing letters, seeing what a replay would do, replaying, and stopping that.
struct PlanRoutes: Sendable {
    static let plansUsual = 20

    let worker: Worker
    private let bodies: BodyReader
    private let selector: LetterSelector

    init(worker: Worker, settings: GatewaySettings) {
        self.worker = worker
        selector = LetterSelector(worker: worker)
        bodies = BodyReader(settings, bytesMax: ActBody.bytesMax, adviceWhenLarger: "select by conditions, not by id")
    }

    func make(_ request: Request) async throws -> Response {
        let plan = try await act(request, knowing: ["by", "selection"]) { act in
            let by = try act.by()
            let selection = try await selector.selection(act["selection"], for: .act(on: .parked))
            return try await worker.letters.makePlan(selection.filter, selection: selection.words, by: by)
        }
        return .json(status: .created, headers: [.location: "/api/deadletters/plans/\(plan.name)"]) {
            $0.members(resting: plan)
        }
    }

    func list(_ request: Request) async throws -> Response {
        try request.checkParameters(["limit"])
        let limit = try request.number("limit", in: 0...DeadLetterDesk.pageLettersMax, usual: Self.plansUsual)
        let plans = limit == 0 ? [] : try await worker.letters.plans(limit: limit)
        return .json { json in
            json.array("plans") { json in for plan in plans { json.object { $0.members(resting: plan) } } }
        }
    }

    func view(_ request: Request, _ name: String) async throws -> Response {
        try request.checkParameters([])
        let progress = try await worker.letters.plan(try Self.checked(name))
        return .json { $0.members(of: progress) }
    }

    func letters(_ request: Request, _ name: String) async throws -> Response {
        try request.checkParameters(["limit", "after"])
        let limit = try request.number(
            "limit", in: 1...DeadLetterDesk.pageLettersMax, usual: DeadLetterRoutes.lettersUsual)
        let after = try request.number("after", in: 0...DeadLetterDesk.planLettersMax, usual: 0)
        let plan = try await worker.letters.plan(try Self.checked(name)).plan
        let letters = try await worker.letters.letters(of: plan.id, after: after, limit: limit)
        let next = letters.last.flatMap { $0.position < plan.count ? $0.position : nil }
        return .json { json in
            json.array("letters") { json in for letter in letters { json.object { $0.members(of: letter) } } }
            json.member("next", orNull: next)
        }
    }

    /// 202: the letters go one after the other; `GET` of the plan says how far it is.
    func replay(_ request: Request, _ name: String) async throws -> Response {
        let name = try Self.checked(name)
        let progress = try await act(request, knowing: ReplayOrder.members) { act in
            let order = try ReplayOrder(act)
            let confirmed = try act.number("confirm", in: 0...DeadLetterDesk.planLettersMax)
            try order.check(confirmed: confirmed, count: try await worker.letters.plan(name).plan.count)
            return try await worker.letters.replay(name, order)
        }
        return .json(status: .accepted) { $0.members(of: progress) }
    }

    func pause(_ request: Request, _ name: String) async throws -> Response {
        try await change(request, name) { try await worker.letters.pause($0, by: $1) }
    }

    func resume(_ request: Request, _ name: String) async throws -> Response {
        try await change(request, name) { try await worker.letters.resume($0, by: $1) }
    }

    func cancel(_ request: Request, _ name: String) async throws -> Response {
        let name = try Self.checked(name)
        let progress = try await act(request, knowing: ["by", "reason"]) { act in
            try await worker.letters.cancel(name, by: try act.by(), reason: try act.reason())
        }
        return .json { $0.members(of: progress) }
    }

    private func change(
        _ request: Request, _ name: String,
        _ work: @escaping @Sendable (_ name: String, _ by: String) async throws -> PlanProgress
    ) async throws -> Response {
        let name = try Self.checked(name)
        let progress = try await act(request, knowing: ["by", "reason"]) { act in
            _ = try act.line("reason")
            return try await work(name, try act.by())
        }
        return .json { $0.members(of: progress) }
    }

    private func act<Value: Sendable>(
        _ request: Request, knowing members: [String],
        _ work: @escaping @Sendable (ActBody) async throws -> Value
    ) async throws -> Value {
        try request.checkContentType([ContentType.json])
        return try await bodies.withBody(of: request) { try await work(try ActBody($0, knowing: members)) }
    }

    /// A plan's number or its name, as far as the form goes.
    static func checked(_ name: String) throws(Refusal) -> String {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        let isNumber = Int64(parts[0]).map { $0 > 0 } ?? false
        let isHash = parts.count == 1 || parts.count == 2 && !parts[1].isEmpty && parts[1].allSatisfy(\.isHexDigit)
        guard isNumber, isHash, name.utf8.count <= nameBytesMax else {
            throw Refusal(
                .notFound, .notFound,
                "a plan is called by its number or its name, such as 12-3f9ab2c4: see wherry deadletters plans")
        }
        return name
    }

    /// A number and a whole hash.
    private static let nameBytesMax = 100
}
