import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

/// A source, an index and the subscription between them, over a network that loses, delays and repeats.
struct SubscriptionRun {
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    var random: SplitMix64
    private var source = SampleSource(barts)
    private var backup = SampleSource(barts)
    private(set) var index = IndexTransaction(MemoryIndex())
    private(set) var subscription = Subscription(barts)
    /// Later than the epochs of the samples.
    private var now = Timestamp(text: "2026-06-01T00:00:00.000Z")!  // a well-formed constant
    private var published: Int64 = 0
    private var arriving: [ChangeBatch] = []
    private var question: (number: Int, subject: Question.Subject)?
    private var lastNumber = 0
    private var answers: [(number: Int, answer: Answer)] = []
    /// What the subscription wants done, in order.
    private var work: [Subscription.Action] = []

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    // MARK: - Chaos

    mutating func step() throws {
        switch random.below(100) {
        case ..<20: try source.change(using: &random)
        case ..<32: try publish()
        case ..<44: try deliver()
        case ..<54: pulse()
        case ..<66: try tick(after: Int64(random.below(900)))
        case ..<76: try answerSomehow()
        case ..<80:
            if !answers.isEmpty {
                let late = random.pick(answers)
                if late.number == question?.number { question = nil }
                try handle(.answered(question: late.number, late.answer))
            }
        case ..<92: try workOnce()
        case ..<94: subscription.held = subscription.held > 0 ? 0 : 1
        case ..<96: damage()
        case ..<97: try audit()
        case ..<98: backup = source
        case ..<99:
            if random.chance(percent: 20) {
                source = backup
                published = min(published, source.head)
            }
        default:
            if random.chance(percent: 20) { beginAnew() }
        }
    }

    private mutating func publish() throws {
        guard published < source.head else { return }
        let batch = try source.batch(
            after: published, limits: PageLimits(changesMax: random.within(1...5), bytesMax: 100_000))
        published = batch.through
        if random.chance(percent: 80) { arriving.append(batch) }
    }

    private mutating func deliver() throws {
        guard !arriving.isEmpty else { return }
        let position = random.below(arriving.count)
        let batch = random.chance(percent: 80) ? arriving.remove(at: position) : arriving[position]
        _ = try index.apply([batch])
        advanced()
    }

    private mutating func damage() {
        var rows = index.rows
        let id = rows.source(barts).id
        let keys = rows.entries[id, default: [:]].keys.sorted {
            ($0.patient, $0.resource) < ($1.patient, $1.resource)
        }
        guard !keys.isEmpty else { return }
        rows.entries[id]?[random.pick(keys)]?.facts.code = "damaged"
        index = IndexTransaction(rows)
    }

    private mutating func beginAnew() {
        index = IndexTransaction(MemoryIndex())
        subscription = Subscription(barts)
        question = nil
        lastNumber = 0
    }

    private mutating func answerSomehow() throws {
        guard let asked = question else { return }
        switch random.below(10) {
        case 0: try settle(.unanswered(question: asked.number, reason: "no answer in time"))
        case 1: try settle(.answered(question: asked.number, .refusal(reason: "busy")))
        case 2:
            let wrong = [
                Told.changes(3, 4, head: 9), Told.state(2), .buckets(Told.buckets([1], 0, 2, head: 2)),
                Told.changes(0, 0, head: 0, epoch: Told.late),
            ]
            try settle(.answered(question: asked.number, random.pick(wrong)))
        case 3: answers.append((asked.number, try answer(asked.subject)))
        default: try answerRightly()
        }
        answers = answers.suffix(8)
    }

    // MARK: - What is right

    mutating func answerRightly() throws {
        guard let asked = question else { return }
        let answer = try answer(asked.subject)
        answers.append((asked.number, answer))
        try settle(.answered(question: asked.number, answer))
    }

    private mutating func answer(_ subject: Question.Subject) throws -> Answer {
        let limits = PageLimits(changesMax: random.within(1...10), bytesMax: 100_000)
        switch subject {
        case .changes(let after, let through):
            let batch = try source.batch(after: after, through: through, limits: limits)
            return .changes(IncomingBatch(batch: batch), head: source.head)
        case .buckets(let buckets, let after):
            return .buckets(IncomingBuckets(page: try source.buckets(buckets, after: after, limits: limits)))
        case .state(let witness):
            source.heed(witness, at: now, using: &random)
            return .state(JournalSummary(epoch: source.epoch, head: source.head, digest: source.digest))
        case .record: preconditionFailure("a subscription asks for no record")
        }
    }

    private mutating func settle(_ event: Subscription.Event) throws {
        question = nil
        try handle(event)
    }

    mutating func pulse() {
        subscription.pulse(
            Pulse(
                source: barts, epoch: source.epoch, head: source.head, digest: source.digest.total,
                intervalMilliseconds: 2000), at: now)
    }

    mutating func tick(after milliseconds: Int64) throws {
        now = Timestamp(milliseconds: now.milliseconds + milliseconds)
        try handle(.tick)
    }

    mutating func workOnce() throws {
        guard !work.isEmpty else { return }
        switch work.removeFirst() {
        case .ask: break
        case .write(let page):
            _ = try index.apply([page.batch])
            advanced()
            try handle(.written)
        case .mend(let page):
            _ = try index.replace(page.page)
            advanced()
            try handle(.written)
        case .readDigest:
            let kept = index.kept(barts)
            try handle(.digestRead(kept.digest, kept.progress))
        case .keepTombstones: _ = try index.keepTombstones(of: barts)
        case .forgetTombstones: _ = try index.forgetTombstones(of: barts)
        }
    }

    mutating func audit() throws {
        let kept = index.kept(barts)
        let difference = try index.difference(of: kept)
        _ = try index.correct(barts, epoch: kept.progress.epoch, by: difference)
        advanced()
    }

    private mutating func advanced() {
        let kept = index.kept(barts)
        subscription.advanced(kept.progress, digest: kept.digest.total, at: now)
    }

    /// Tells the subscription, and holds it to what it promises of its actions.
    private mutating func handle(_ event: Subscription.Event) throws {
        for action in subscription.handle(event, at: now) {
            if case .ask(let number, let subject) = action {
                guard question == nil else { throw Violation(description: "two questions at once") }
                guard number > lastNumber else { throw Violation(description: "a question's number twice") }
                lastNumber = number
                question = (number, subject)
                continue
            }
            work.append(action)
        }
        let pages = work.count { action in
            switch action {
            case .write, .mend: true
            case .ask, .readDigest, .keepTombstones, .forgetTombstones: false
            }
        }
        // Those of before the index began anew come on top.
        guard pages <= 2 * subscription.limits.pagesUnwrittenMax else {
            throw Violation(description: "\(pages) pages are not written")
        }
    }

    // MARK: - The end

    /// Lets everything go well until the index is whole; returns whether it came to that within ten minutes.
    mutating func becomesWhole() throws -> Bool {
        subscription.held = 0
        try audit()
        for quarter in 1...2400 {
            if quarter % 8 == 0 { pulse() }
            try tick(after: 250)
            try answerRightly()
            while !work.isEmpty { try workOnce() }
            if try isWhole { return true }
        }
        return false
    }

    private var isWhole: Bool {
        get throws {
            guard !subscription.isBusy,
                subscription.coverage(at: now, silentAfterMilliseconds: 7000).state == .complete
            else { return false }
            var rows = index.rows
            let kept = rows.source(barts)
            let live = try source.live
            return kept.digest == source.digest && rows.entries[kept.id, default: [:]] == live
        }
    }

    var ending: String {
        "\(subscription.coverage(at: now, silentAfterMilliseconds: 7000)), \(subscription.trouble ?? "no trouble")"
    }
}
