package import CareRecord

/// What one HIE knows and does about one source: how complete its index is of it, and what it asks for what is missing.
///
/// A machine: it is told what happened and answers with what is to be done (`handle`). At most one question is on its
/// way; the next one leaves while the last answer is being written.
package struct Subscription: Sendable {
    package struct Limits: Sendable, Hashable {
        /// A hole that has lasted this long is asked for.
        package var holeAgeMilliseconds: Int64 = 2000
        /// The wait after a question without an answer: doubled up to the second.
        package var retryFirstMilliseconds: Int64 = 500
        package var retryMaxMilliseconds: Int64 = 8000
        /// Pages that have arrived and are not yet in the index.
        package var pagesUnwrittenMax = 2

        package init() {}
    }

    package enum Event: Sendable {
        /// Some time has passed; to be told about four times in `holeAgeMilliseconds`.
        case tick
        case answered(question: Int, Answer)
        case unanswered(question: Int, reason: String)
        /// A page that was handed out is in the index.
        case written
        /// The index's own digest and progress, which were asked for.
        case digestRead(BucketDigest, SourceProgress)
    }

    package enum Action: Sendable, Equatable {
        case ask(question: Int, Question.Subject)
        case write(IncomingBatch)
        case readDigest
        case keepTombstones
        case mend(IncomingBuckets)
        case forgetTombstones
    }

    enum Work: Sendable {
        case none
        case filling(Filling)
        /// The source was asked for its state; with `their`, our own digest is being read.
        case comparing(their: JournalSummary?)
        case mending(Mending)
    }

    /// Asking for the journal from `next` up to `through`, page by page.
    struct Filling: Sendable {
        var next: Int64
        /// `nil` for the source's head, as the first page tells it.
        var through: Int64?
        var unwritten = 0
        var isRead = false
    }

    /// Asking for all entries of some buckets, page by page.
    struct Mending: Sendable {
        let buckets: BucketSet
        var next: Int64 = 0
        var unwritten = 0
        var isRead = false
    }

    package let source: HIEIdentifier
    package let limits: Limits
    package internal(set) var progress = SourceProgress()
    package internal(set) var freshness = Freshness()
    /// Of the entries in the index.
    private var digest: UInt64 = 0
    /// Dead letters of the source. While there are some, the digests differ for that reason.
    package var held = 0
    /// The epoch that the newest pulse names, since it did.
    var heardEpoch: (epoch: Epoch, since: Timestamp)?
    /// All is applied, and the entries are not the source's.
    package internal(set) var isDiffering = false
    /// The source seems to know less of its journal than we do.
    var isAhead = false
    /// The highest number of the journal that was known from its changes when the last pulse came.
    private var highestAtPulse: Int64 = 0
    /// The highest head that the pulses of the heard epoch named.
    private var highestHeard: Int64 = 0
    var holes = HoleWatch()
    var work = Work.none
    /// Pages of work that was given up, which are not in the index yet. They come before those of any later work.
    var abandonedPages = 0
    /// The number of the question that waits for its answer.
    var question: Int?
    /// What was applied when it was asked: its answer cannot know less, while changes that came since may overtake it.
    var witnessWhenAsked = JournalWitness(epoch: nil, through: 0)
    private var lastQuestion = 0
    private var failures = 0
    private var restUntil: Timestamp?
    /// Why the last question had no answer; `nil` once one had.
    package private(set) var trouble: String?

    package init(_ source: HIEIdentifier, limits: Limits = Limits()) {
        self.source = source
        self.limits = limits
    }

    /// Takes up what the index kept from an earlier run.
    package mutating func restore(_ progress: SourceProgress, digest: UInt64, _ freshness: Freshness) {
        self.progress = progress
        self.digest = digest
        self.freshness = freshness
    }

    /// The index's rows of the source reach so far now, and their digest is this.
    package mutating func advanced(_ progress: SourceProgress, digest: UInt64, at now: Timestamp) {
        if self.progress.epoch != progress.epoch {
            if self.progress.epoch != nil, !isHeard(progress.epoch) { freshness.restart() }
            isDiffering = false
            isAhead = false
            highestAtPulse = 0
        }
        self.progress = progress
        self.digest = digest
        compare()
        holes.note(progress.applied, head: appliedHead, at: now)
    }

    /// A pulse was received. Of an epoch that is over it says that the source has forgotten something.
    package mutating func pulse(_ pulse: Pulse, at now: Timestamp) {
        if let epoch = latestEpoch, pulse.epoch < epoch {
            isAhead = true
            return
        }
        if heardEpoch?.epoch != pulse.epoch {
            if let known = heardEpoch?.epoch ?? progress.epoch, known != pulse.epoch { freshness.restart() }
            heardEpoch = (pulse.epoch, now)
            highestHeard = 0
        }
        if pulse.head < highestHeard { isAhead = true }
        highestHeard = max(highestHeard, pulse.head)
        let wasOfHeardEpoch = isOfHeardEpoch
        freshness.pulse(
            head: pulse.head, digest: pulse.digest, at: now, intervalMilliseconds: pulse.intervalMilliseconds)
        // A journal that was empty no longer is: what is missing of it is missing from now on.
        if wasOfHeardEpoch, !isOfHeardEpoch { heardEpoch = (pulse.epoch, now) }
        if isOfHeardEpoch {
            if pulse.head < highestAtPulse { isAhead = true }
            highestAtPulse = max(progress.applied.highest, progress.reach)
            compare()
        }
        holes.note(progress.applied, head: appliedHead, at: now)
    }

    /// The source's head, where it is of the epoch that is applied.
    var appliedHead: Int64? { isOfHeardEpoch ? freshness.head : nil }

    /// Whether what is applied and what was heard are of one epoch. Of an empty journal nothing need be applied.
    var isOfHeardEpoch: Bool {
        guard let heard = heardEpoch else { return true }
        return heard.epoch == progress.epoch || (progress.epoch == nil && freshness.head == 0)
    }

    /// What was seen of the source's journal: the latest epoch that was applied or heard of, and the highest number of it.
    var witness: JournalWitness {
        let latest = latestEpoch
        let applied = latest == progress.epoch ? max(progress.applied.highest, progress.reach) : 0
        return JournalWitness(epoch: latest, through: max(applied, latest == heardEpoch?.epoch ? highestHeard : 0))
    }

    private var latestEpoch: Epoch? {
        guard let heard = heardEpoch?.epoch else { return progress.epoch }
        return max(heard, progress.epoch ?? heard)
    }

    /// What the entries are together, they once were at the source.
    private var isConsistent: Bool { progress.applied.watermark >= progress.reach }

    /// Whether what was heard of the source is of this epoch or a later one.
    private func isHeard(_ epoch: Epoch?) -> Bool {
        guard let epoch, let heardEpoch else { return false }
        return epoch <= heardEpoch.epoch
    }

    private mutating func compare() {
        guard isOfHeardEpoch, isConsistent, !isAhead else { return }
        let isComparable = progress.applied.islands.isEmpty && held == 0
        if isDiffering {
            // Only an agreeing digest ends it; what is caught up with meanwhile proves nothing.
            var probe = freshness
            guard isComparable, probe.advance(watermark: progress.applied.watermark, digest: digest) == .agrees else {
                return
            }
            isDiffering = false
            goWell()
        }
        let comparison = freshness.advance(
            watermark: progress.applied.watermark, digest: isComparable ? digest : nil)
        if comparison == .differs { isDiffering = true }
    }

    mutating func ask(_ subject: Question.Subject) -> Action {
        lastQuestion += 1
        question = lastQuestion
        witnessWhenAsked = witness
        return .ask(question: lastQuestion, subject)
    }

    /// Nothing is asked before the wait is over. A wait longer than any means that the clock was set back.
    func isResting(at now: Timestamp) -> Bool {
        guard let restUntil else { return false }
        return (1...limits.retryMaxMilliseconds).contains(restUntil.since(now))
    }

    mutating func rest(because reason: String, at now: Timestamp) {
        let wait = min(limits.retryFirstMilliseconds << min(failures, 16), limits.retryMaxMilliseconds)
        restUntil = Timestamp(milliseconds: now.milliseconds + wait)
        failures += 1
        trouble = reason
    }

    mutating func goWell() {
        failures = 0
        restUntil = nil
        trouble = nil
    }
}
