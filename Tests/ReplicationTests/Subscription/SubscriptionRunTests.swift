import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

@Suite("Subscription: anything that may happen") struct SubscriptionRunTests {
    @Test(
        "promises P1, P2 and P3: after losses, repeats, restored backups, damage and deleted indexes it becomes whole",
        arguments: 0..<8)
    func becomesWhole(block: Int) throws {
        for seed in UInt64(block * 25)..<UInt64(block * 25 + 25) {
            var run = SubscriptionRun(seed: seed)
            do {
                for _ in 0..<300 { try run.step() }
                let isWhole = try run.becomesWhole()
                if !isWhole { Issue.record("seed \(seed): \(run.ending)") }
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
    }

    @Test("promise P3: an event that nobody expects, at any moment, changes nothing it should not and never traps")
    func anyEvent() {
        for seed in UInt64(0)..<400 {
            var random = SplitMix64(seed: seed)
            var told = Told()
            var lastQuestion = 0
            var isWaiting = false
            for _ in 0..<200 {
                if random.chance(percent: 30) { told.wait(Int64(random.below(3000))) }
                let epoch = random.chance(percent: 85) ? Told.early : Told.late
                let number = Int64(random.below(12))
                switch random.below(4) {
                case 0: told.pulse(number, digest: UInt64(random.below(2)), epoch: epoch)
                case 1:
                    told.advanced(
                        number, random.chance(percent: 30) ? [(number + 2, number + 3)] : [],
                        digest: UInt64(random.below(2)), epoch: random.chance(percent: 5) ? nil : epoch)
                case 2: told.subscription.held = random.below(2)
                default:
                    let event = event(&random, lastQuestion, number, epoch)
                    let isAnswer = isSettling(event, lastQuestion)
                    let actions = told.handle(event)
                    if isAnswer { isWaiting = false }
                    for action in actions {
                        guard case .ask(let question, _) = action else { continue }
                        if isWaiting || question != lastQuestion + 1 { Issue.record("seed \(seed): two questions") }
                        lastQuestion = question
                        isWaiting = true
                    }
                }
                let coverage = told.coverage
                if case .complete = coverage.state,
                    coverage.asOf == nil || coverage.head.map({ $0 > coverage.watermark }) ?? true
                {
                    Issue.record("seed \(seed): complete, and \(coverage)")
                }
            }
        }
    }

    private func isSettling(_ event: Subscription.Event, _ lastQuestion: Int) -> Bool {
        switch event {
        case .answered(let question, _), .unanswered(let question, _): question == lastQuestion
        case .tick, .written, .digestRead: false
        }
    }

    private func event(
        _ random: inout SplitMix64, _ lastQuestion: Int, _ number: Int64, _ epoch: Epoch
    ) -> Subscription.Event {
        let question = random.chance(percent: 80) ? lastQuestion : lastQuestion - 1 + random.below(3)
        let after = random.chance(percent: 50) ? 0 : Int64(random.below(12))
        let answers: [Answer] = [
            Told.changes(after, after + number, head: after + Int64(random.below(12)), epoch: epoch),
            Told.state(number, [random.below(3): 1], epoch: epoch),
            .buckets(Told.buckets([random.below(3)], after, after + number, head: after + number, epoch: epoch)),
            .refusal(reason: "busy"),
        ]
        switch random.below(7) {
        case 0, 1: return .tick
        case 2, 3: return .answered(question: question, random.pick(answers))
        case 4: return .unanswered(question: question, reason: "no answer in time")
        case 5: return .written
        default: return .digestRead(BucketDigest(), Told.progress(number, epoch: epoch))
        }
    }
}
