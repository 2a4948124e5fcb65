import CareRecord
import NIOCore

/// The open-loop schedule.
extension DriveCore {
    /// Events are taken up at most so often; those that come closer together are taken up together.
    private static let stepNanoseconds: UInt64 = 150_000
    /// What is under way at the end of the schedule may take this long.
    private static let drainSecondsMax = 40.0
    private static let drainMilliseconds: Int64 = 20

    /// Runs the schedule for so long; one that is measured is timed, and lasts until what it began has ended.
    func runSchedule(
        milliseconds: Int64, isMeasured measures: Bool, onSample: (@Sendable (LoadSample) -> Void)? = nil
    ) async throws {
        guard milliseconds > 0 else { return }
        let start = HTTPLane.now
        let seconds = Double(milliseconds) / 1000
        let batch = Double(max(1, profile.changes?.batch ?? 1))
        schedule = Schedule()
        if let rate = profile.changes?.perSecond, rate > 0, !sources.isEmpty {
            schedule.changes = OpenLoop(perSecond: rate / batch, start: start, seconds: seconds)
        }
        if let rate = profile.lookupsPerSecond, rate > 0, population.patients > 0 {
            schedule.lookups = OpenLoop(perSecond: rate, start: start, seconds: seconds)
        }
        if let rate = profile.queries?.perSecond, rate > 0, population.patients > 0 {
            schedule.queries = OpenLoop(perSecond: rate, start: start, seconds: seconds)
        }
        schedule.endsAt = start + UInt64(milliseconds) * 1_000_000
        schedule.isRunning = true
        schedule.waitsForAnswers = measures
        if measures { measuredFrom = start }
        if let onSample { sampleLater(from: start, second: 1, onSample) }
        turn()
        await untilEnd()
        if measures { figures.measuredSeconds = Double(min(HTTPLane.now, schedule.endsAt) - start) / 1e9 }
        try Task.checkCancellation()
    }

    /// Takes up what is due, and comes back when more is.
    private func turn() {
        guard schedule.isRunning else { return }
        let now = HTTPLane.now
        if let due = schedule.changes?.due(at: now), let loop = schedule.changes {
            for event in due { takeUp(change: event, loop.intendedAt(event), now) }
        }
        if let due = schedule.lookups?.due(at: now), let loop = schedule.lookups {
            for event in due { takeUp(lookup: event, loop.intendedAt(event), now) }
        }
        if let due = schedule.queries?.due(at: now), let loop = schedule.queries {
            for event in due { takeUp(query: event, loop.intendedAt(event), now) }
        }
        let next = [schedule.changes, schedule.lookups, schedule.queries].compactMap { $0?.nextAt }.min()
        guard let next else { return drain() }
        let deadline = NIODeadline.uptimeNanoseconds(max(next, now + Self.stepNanoseconds))
        eventLoop.scheduleTask(deadline: deadline) {
            self.assumeIsolated { $0.turn() }  // this actor's own event loop runs the task
        }
    }

    /// Waits for the end of the schedule and of what it began.
    private func drain() {
        guard schedule.isRunning else { return }
        let now = HTTPLane.now
        let hasEnded = !schedule.waitsForAnswers || underWayCount == 0 && lines.indices.allSatisfy { isDone($0) }
        let isLate = now > schedule.endsAt + UInt64(Self.drainSecondsMax * 1e9)
        if now >= schedule.endsAt, hasEnded || isLate { return end() }
        eventLoop.scheduleTask(in: .milliseconds(Self.drainMilliseconds)) {
            self.assumeIsolated { $0.drain() }  // this actor's own event loop runs the task
        }
    }

    /// Whether nothing of a source's changes is under way, and nothing waits that could be sent.
    func isDone(_ source: Int) -> Bool {
        guard let line = lines[source] else { return true }
        return line.isDone || line.underWayCount == 0 && board.isStopped(source)
    }

    // MARK: - Taking up

    private func isMeasured(_ intendedAt: UInt64) -> Bool { intendedAt >= measuredFrom }

    private func takenUp(
        _ tally: WritableKeyPath<DriveFigures, DriveFigures.Tally>, _ intendedAt: UInt64, _ now: UInt64
    ) {
        guard isMeasured(intendedAt) else { return }
        figures[keyPath: tally].wanted += 1
        figures.schedule.record(corrected: now - min(now, intendedAt), uncorrected: now - min(now, intendedAt))
    }

    private func takeUp(change event: Int, _ intendedAt: UInt64, _ now: UInt64) {
        let source = sources[event % sources.count]
        takenUp(\.changes, intendedAt, now)
        figures.attempted += profile.changes?.batch ?? 1
        lines[source]?.want(at: intendedAt)
        send(from: source)
    }

    private func takeUp(lookup event: Int, _ intendedAt: UInt64, _ now: UInt64) {
        takenUp(\.lookups, intendedAt, now)
        let worker = event % sites.count
        guard !board.isStopped(worker) else { return skip(\.lookups, intendedAt) }
        let number = population.nhsNumber(patient: random.below(population.patients))
        underWayCount += 1
        sites[worker].lookups.submit(sites[worker].lookup(number)) { reply in
            self.ended(lookup: reply, of: number, at: worker, intendedAt)
        }
    }

    private func takeUp(query event: Int, _ intendedAt: UInt64, _ now: UInt64) {
        takenUp(\.queries, intendedAt, now)
        let worker = event % sites.count
        guard !board.isStopped(worker) else { return skip(\.queries, intendedAt) }
        let number = population.nhsNumber(patient: random.below(population.patients))
        underWayCount += 1
        sites[worker].queries.submit(sites[worker].query(number)) { reply in
            self.ended(query: reply, of: number, at: worker, intendedAt)
        }
    }

    private func skip(_ tally: WritableKeyPath<DriveFigures, DriveFigures.Tally>, _ intendedAt: UInt64) {
        if isMeasured(intendedAt) { figures[keyPath: tally].skipped += 1 }
    }

    // MARK: - Answers

    private func ended(lookup reply: HTTPLane.Reply, of number: NHSNumber, at worker: Int, _ intendedAt: UInt64) {
        guard let answer = ended(reply, \.lookups, "lookup", at: worker, intendedAt) else { return }
        let fault = answer.body.withUnsafeReadableBytes { judge.fault(in: $0, about: number, stopped: stopped) }
        if let fault { count(fault, "lookup", at: worker) }
        guard isMeasured(intendedAt) else { return }
        figures.workers[worker].lookups += 1
        record(reply, \.lookup, intendedAt)
        figures.workers[worker].lookup.record(
            corrected: reply.endedAt - intendedAt, uncorrected: reply.endedAt - reply.sentAt)
    }

    private func ended(query reply: HTTPLane.Reply, of number: NHSNumber, at worker: Int, _ intendedAt: UInt64) {
        guard let answer = ended(reply, \.queries, "query", at: worker, intendedAt) else { return }
        let fault = answer.body.withUnsafeReadableBytes { judge.fault(inAnswers: $0, about: number) }
        if let fault { count(fault, "query", at: worker) }
        if isMeasured(intendedAt) { record(reply, \.query, intendedAt) }
    }

    /// The answer of a request that went well; the others are counted.
    private func ended(
        _ reply: HTTPLane.Reply, _ tally: WritableKeyPath<DriveFigures, DriveFigures.Tally>, _ what: String,
        at worker: Int, _ intendedAt: UInt64
    ) -> HTTPAnswer? {
        underWayCount -= 1
        let counts = isMeasured(intendedAt)
        if case .answered(let answer) = reply.outcome, answer.status == 200 {
            if counts { figures[keyPath: tally].succeeded(inTime: reply.endedAt <= schedule.endsAt) }
            return answer
        }
        if board.isStopped(worker) {
            skip(tally, intendedAt)
            return nil
        }
        switch reply.outcome {
        case .answered(let answer): figures.countError("\(what): status \(answer.status)", at: worker)
        case .unsent(let reason):
            if counts { figures[keyPath: tally].unsent += 1 }
            figures.countError("\(what) not sent: \(reason)", at: worker)
        case .unknown(let reason): figures.countError("\(what): \(reason)", at: worker)
        }
        if counts { figures[keyPath: tally].failed += 1 }
        return nil
    }

    private func count(_ fault: LookupJudge.Fault, _ what: String, at worker: Int) {
        switch fault {
        case .unreadable: figures.countError("\(what): an answer that is not one about the patient", at: worker)
        case .incomplete:
            figures.wrongCoverage += 1
            figures.countError("\(what): coverage does not name every HIE once", at: worker)
        case .impossible:
            figures.wrongCoverage += 1
            figures.countError("\(what): complete as of a moment when the HIE was stopped", at: worker)
        }
    }

    func record(
        _ reply: HTTPLane.Reply, _ clock: WritableKeyPath<DriveFigures, LatencyRecorder>, _ intendedAt: UInt64
    ) {
        figures[keyPath: clock].record(
            corrected: reply.endedAt - min(reply.endedAt, intendedAt), uncorrected: reply.endedAt - reply.sentAt)
    }
}
