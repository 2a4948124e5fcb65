import CareRecord
import Hummingbird
import Storage
import Worker

extension ReplayOrder {
    static let members = ["by", "reason", "to", "canary", "rate", "stopOnFailures", "confirm"]
    /// Letters a second.
    static let rateMax: Double = 100_000

    /// Reads the members of an order to replay.
    init(_ act: ActBody) throws(Refusal) {
        let lettersMax = DeadLetterDesk.planLettersMax
        let targets = Target.allCases.map(\.rawValue).joined(separator: ", ")
        guard let target = act["to"]?.text.flatMap(Target.init) else {
            throw Refusal(.badRequest, .value, "to says where the letters go: one of \(targets)")
        }
        self.init(
            target: target, by: try act.by(), reason: try act.reason(),
            canary: try act.number("canary", in: 0...lettersMax) ?? 0,
            ratePerSecond: try Self.rate(act["rate"]),
            stopOnFailures: try act.number("stopOnFailures", in: 1...lettersMax))
    }

    private static func rate(_ json: JSON?) throws(Refusal) -> Double? {
        guard let json else { return nil }
        guard case .number(let text) = json, let rate = Double(text), rate > 0, rate <= rateMax else {
            throw Refusal(.badRequest, .value, "rate is letters a second, above 0 and at most \(Int(rateMax))")
        }
        return rate
    }

    /// The second confirmation: what goes to everybody is to be counted again by who sends it.
    func check(confirmed: Int?, count: Int) throws(Refusal) {
        guard confirmed == count || confirmed == nil && target != .everybody else {
            var refusal = Refusal(
                .conflict, .businessRule,
                "the plan has \(count) letters: to replay them to \(target.rawValue), send confirm with that number")
            refusal.word = DeadLetterRefusal.Code.count.rawValue
            throw refusal
        }
    }
}
