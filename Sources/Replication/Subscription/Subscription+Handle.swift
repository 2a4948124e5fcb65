package import CareRecord

extension Subscription {
    package mutating func handle(_ event: Event, at now: Timestamp) -> [Action] {
        switch event {
        case .tick: return begin(at: now)
        case .answered(let number, let answer):
            guard number == question else { return [] }
            question = nil
            return take(answer, at: now)
        case .unanswered(let number, let reason):
            guard number == question else { return [] }
            question = nil
            rest(because: reason, at: now)
            return giveUp()
        case .written: return written(at: now)
        case .digestRead(let digest, let progress): return compare(digest, progress, at: now)
        }
    }

    /// Whether something of the source is being asked for at present.
    package var isBusy: Bool {
        if case .none = work { false } else { true }
    }

    /// Begins what is due, if nothing is under way.
    private mutating func begin(at now: Timestamp) -> [Action] {
        guard case .none = work, question == nil, abandonedPages == 0, !isResting(at: now) else { return [] }
        if isAhead {
            work = .comparing(their: nil)
            return [ask(.state(witness))]
        }
        if let hole = dueHole(at: now) {
            work = .filling(Filling(next: hole.after, through: hole.through))
            return [ask(.changes(after: hole.after, through: hole.through))]
        }
        if isDiffering, held == 0 {
            work = .comparing(their: nil)
            return [ask(.state(witness))]
        }
        return []
    }

    private func dueHole(at now: Timestamp) -> HoleWatch.Hole? {
        if let heard = heardEpoch, !isOfHeardEpoch {
            // A new epoch, or the first one: the whole journal is missing.
            guard now.isPast(heard.since, byMilliseconds: limits.holeAgeMilliseconds), let head = freshness.head else {
                return nil
            }
            return HoleWatch.Hole(after: 0, through: head)
        }
        return holes.due(
            progress.applied, head: appliedHead, at: now, ageMilliseconds: limits.holeAgeMilliseconds)
    }

    private mutating func take(_ answer: Answer, at now: Timestamp) -> [Action] {
        switch (answer, work) {
        case (.refusal(let reason), _):
            rest(because: "refused: \(reason)", at: now)
            return giveUp()
        case (.changes(let page, let head), .filling(let filling)):
            return take(page, head: head, filling, at: now)
        case (.state(let their), .comparing):
            return take(their, at: now)
        case (.buckets(let page), .mending(let mending)):
            return take(page, mending, at: now)
        case (.changes, .none), (.changes, .comparing), (.changes, .mending), (.state, .none), (.state, .filling),
            (.state, .mending), (.buckets, .none), (.buckets, .comparing), (.buckets, .filling),
            (.record, _):
            rest(because: "the answer is not to the question", at: now)
            return giveUp()
        }
    }

    // MARK: - Filling

    private mutating func take(
        _ page: IncomingBatch, head: Int64, _ filling: Filling, at now: Timestamp
    ) -> [Action] {
        var filling = filling
        guard page.batch.source == source, page.batch.after == filling.next else {
            rest(because: "the page does not begin where it was asked to", at: now)
            return giveUp()
        }
        if let latest = witnessWhenAsked.epoch, page.batch.epoch < latest {
            isAhead = true
            rest(because: "the page is of an epoch that is over", at: now)
            return giveUp()
        }
        let goal = min(filling.through ?? head, head)
        guard page.batch.through > page.batch.after || page.batch.after >= goal else {
            rest(because: "the page brings nothing of what its source has", at: now)
            return giveUp()
        }
        goWell()
        if page.batch.epoch == witnessWhenAsked.epoch, head < witnessWhenAsked.through {
            isAhead = true
        } else if let through = filling.through, head < through {
            rest(because: "the source's journal ends below its last pulse", at: now)
        }
        filling.next = page.batch.through
        filling.isRead = page.batch.through >= goal
        filling.unwritten += 1
        work = .filling(filling)
        return [.write(page)] + nextPage(filling)
    }

    private mutating func nextPage(_ filling: Filling) -> [Action] {
        guard !filling.isRead, question == nil, filling.unwritten < limits.pagesUnwrittenMax else { return [] }
        return [ask(.changes(after: filling.next, through: filling.through))]
    }

    private mutating func written(at now: Timestamp) -> [Action] {
        if abandonedPages > 0 {
            abandonedPages -= 1
            return []
        }
        switch work {
        case .none, .comparing: return []
        case .filling(var filling):
            guard filling.unwritten > 0 else { return [] }
            filling.unwritten -= 1
            if filling.isRead, filling.unwritten == 0 {
                work = .none
                return begin(at: now)
            }
            work = .filling(filling)
            return nextPage(filling)
        case .mending(var mending):
            guard mending.unwritten > 0 else { return [] }
            mending.unwritten -= 1
            if mending.isRead, mending.unwritten == 0 {
                work = .none
                rest(because: "mended, and not compared again yet", at: now)
                return [.forgetTombstones]
            }
            work = .mending(mending)
            return nextPage(mending)
        }
    }

    // MARK: - Comparing and mending

    private mutating func take(_ their: JournalSummary, at now: Timestamp) -> [Action] {
        let isSameEpoch = their.epoch == progress.epoch
        if isAhead {
            // With a new epoch the source replaces what it had forgotten; until it says one, it is asked again.
            let seen = witnessWhenAsked
            isAhead =
                seen.epoch.map { their.epoch < $0 || (their.epoch == $0 && their.head < seen.through) } ?? false
        }
        guard isDiffering, isSameEpoch, !isAhead else {
            work = .none
            if isAhead {
                rest(because: "the source knows less of its journal than this index", at: now)
            } else if isDiffering {
                rest(because: "the source has begun another epoch", at: now)
            } else {
                goWell()
            }
            return []
        }
        work = .comparing(their: their)
        return [.readDigest]
    }

    private mutating func compare(_ own: BucketDigest, _ at: SourceProgress, at now: Timestamp) -> [Action] {
        guard case .comparing(let their?) = work else { return [] }
        work = .none
        guard at.epoch == their.epoch, at.applied.islands.isEmpty, at.applied.watermark == their.head else {
            // Changes came in between: compare again when it is quieter.
            rest(because: "the source changes while it is compared", at: now)
            return []
        }
        guard let buckets = BucketSet(own.differences(from: their.digest)) else {
            isDiffering = false
            goWell()
            return []
        }
        work = .mending(Mending(buckets: buckets))
        return [.keepTombstones, ask(.buckets(buckets, after: 0))]
    }

    private mutating func take(_ page: IncomingBuckets, _ mending: Mending, at now: Timestamp) -> [Action] {
        var mending = mending
        guard page.page.source == source, page.page.epoch == progress.epoch, page.page.after == mending.next,
            page.page.buckets == mending.buckets, page.page.isLast || page.page.through > page.page.after
        else {
            rest(because: "the buckets are not those that were asked for", at: now)
            return giveUp()
        }
        mending.next = page.page.through
        mending.isRead = page.page.isLast
        mending.unwritten += 1
        work = .mending(mending)
        return [.mend(page)] + nextPage(mending)
    }

    private mutating func nextPage(_ mending: Mending) -> [Action] {
        guard !mending.isRead, question == nil, mending.unwritten < limits.pagesUnwrittenMax else { return [] }
        return [ask(.buckets(mending.buckets, after: mending.next))]
    }

    /// What is under way is left as it is: what it did not fetch is still missing, and is asked for again.
    /// Pages are written in the order in which they were handed out: those on their way come before any of later work.
    private mutating func giveUp() -> [Action] {
        defer { work = .none }
        switch work {
        case .none, .comparing: return []
        case .filling(let filling):
            abandonedPages += filling.unwritten
            return []
        case .mending(let mending):
            abandonedPages += mending.unwritten
            return [.forgetTombstones]
        }
    }
}
