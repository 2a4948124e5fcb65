import CareRecord
import Logging
import Replication
import ServiceLifecycle
import Storage

/// Ends letters that need nobody any more, closes the gaps that they leave in the index, and forgets what ended long
/// ago. What it does not get done in one round it does in the next.
struct LetterKeeper: Service {
    private static let part = "dead letters"
    private static let intervalMilliseconds: Int64 = 1000
    /// Letters, or gaps, that one round looks at.
    private static let pageMax = 500
    /// So long after everything was looked at it is looked at again.
    private static let sweepPauseMilliseconds: Int64 = 60_000
    /// How long a letter is kept that was discarded, or resolved without an edit.
    static let retentionMilliseconds: Int64 = 90 * 86_400_000
    private static let forgetPauseMilliseconds: Int64 = 3_600_000
    private static let forgetMax = 10_000

    let store: DeadLetterStore
    let desk: ReplayDesk
    let index: IndexWriter
    let endings: LetterEndings
    let held: HeldBoard
    let board: ReplayBoard
    let coverage: CoverageBoard
    let clock: WallClock
    let logger: Logger

    /// How far the look at everything has come.
    private struct Sweep {
        var after: Int64 = 0
        /// Sources whose gaps are to be looked at yet; `nil` while the letters are.
        var sources: [HIEIdentifier]?
        var gapAfter: LetterIdentity?
        var endedAt: Timestamp?
    }

    func run() async throws {
        var sweep = Sweep()
        var forgottenAt: Timestamp?
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            _ = try? await cancelWhenGracefulShutdown {
                try await Task.sleep(for: .milliseconds(Self.intervalMilliseconds))
            }
            if Task.isShuttingDownGracefully || Task.isCancelled { return }
            do {
                if try await takeEndings() { sweep = Sweep() }
                try await cover()
                if let endedAt = sweep.endedAt, clock.now.isPast(endedAt, byMilliseconds: Self.sweepPauseMilliseconds) {
                    sweep = Sweep()
                }
                // A plan that runs says itself what becomes of its letters.
                if sweep.endedAt == nil, board.progress == nil { sweep = try await look(sweep) }
                if forgottenAt.map({ clock.now.isPast($0, byMilliseconds: Self.forgetPauseMilliseconds) }) ?? true {
                    forgottenAt = clock.now
                    try await forget()
                }
            } catch {
                // A file that cannot be read or written now is tried again in the next round.
                logger.debug("deadletters.kept.later", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Ends what applied changes have ended. Returns whether there was more than could be remembered.
    private func takeEndings() async throws -> Bool {
        let found = endings.take()
        do throws(StorageError) {
            if !found.versions.isEmpty {
                end(try await store.supersede(Array(found.versions.values), now: clock.now))
            }
            if !found.filled.isEmpty {
                end(
                    try await store.resolve(
                        found.filled, .covered, "the index has what the source says of it", now: clock.now))
            }
        } catch {
            endings.putBack(found)
            throw error
        }
        return found.isOverflowing
    }

    /// Ends the messages whose range has come from the source itself, and everything of epochs that are over.
    private func cover() async throws(StorageError) {
        for source in held.sources {
            guard let progress = coverage.progress(of: source), let epoch = progress.epoch else { continue }
            end(
                try await store.cover(
                    source, epoch: epoch, watermark: progress.applied.watermark, now: clock.now))
        }
    }

    /// Looks at the next letters: what a replay would find there already, or overtaken, ends now. Then at the gaps.
    private func look(_ sweep: Sweep) async throws -> Sweep {
        var sweep = sweep
        guard let sources = sweep.sources else {
            let page = try await store.letters(
                LetterFilter(), after: sweep.after, limit: Self.pageMax, now: clock.now)
            try await settle(page)
            if let last = page.last { sweep.after = last.row.id } else { sweep.sources = try await index.gapSources() }
            return sweep
        }
        guard let source = sources.first else {
            sweep.endedAt = clock.now
            return sweep
        }
        let gaps = try await index.gaps(of: source, after: sweep.gapAfter, limit: Self.pageMax)
        let letters = gaps.map(\.letter)
        let wanting = try await store.wanting(letters)
        let idle = letters.filter { !wanting.contains($0) }
        if !idle.isEmpty { try await close(idle, of: source, after: sweep.gapAfter) }
        sweep.gapAfter = letters.last
        if letters.isEmpty {
            sweep.sources?.removeFirst()
            sweep.gapAfter = nil
        }
        return sweep
    }

    /// Closes the gaps of letters that wait no more. A replay that applied one has closed its gap: where that is open,
    /// a power cut has taken the one back and not the other, and the letter waits again.
    private func close(_ idle: [LetterIdentity], of source: HIEIdentifier, after letter: LetterIdentity?) async throws {
        let open = Set(try await index.gaps(of: source, after: letter, limit: Self.pageMax).map(\.letter))
        let reopened = try await store.reopen(idle.filter(open.contains), now: clock.now)
        if !reopened.isEmpty {
            held.add(reopened)
            logger.warning("deadletters.reopened", metadata: ["deadletters.count": "\(reopened.count)"])
        }
        let wanting = try await store.wanting(idle)
        let closing = idle.filter { !wanting.contains($0) }
        if !closing.isEmpty { try await index.closeGaps(closing, of: source, for: Self.part) }
    }

    private func settle(_ page: [ParkedLetter]) async throws {
        let letters = page.filter { $0.row.origin.queue != BrokerNames.unroutedQueue }
        var overtaken: [Int64?: [LetterNote]] = [:]
        var known: [LetterNote] = []
        for (letter, foreseen) in zip(letters, try await desk.foresee(letters.map(\.content))) {
            switch foreseen.verdict {
            case .applied, .failed: continue
            case .duplicate: known.append(LetterNote(letter.row))
            case .superseded(let by): overtaken[by, default: []].append(LetterNote(letter.row))
            }
        }
        if !known.isEmpty { end(try await store.resolve(known, .duplicate, "the index has it", now: clock.now)) }
        for (by, notes) in overtaken {
            let what = by.map { "by change \($0) of the source" } ?? "the source has gone on"
            end(try await store.resolve(notes, .superseded, what, now: clock.now))
        }
    }

    private func forget() async throws(StorageError) {
        let moment = Timestamp(milliseconds: clock.now.milliseconds - Self.retentionMilliseconds)
        let count = try await store.forget(endedBefore: moment, max: Self.forgetMax)
        if count > 0 { logger.notice("deadletters.forgotten", metadata: ["deadletters.count": "\(count)"]) }
    }

    private func end(_ notes: [LetterNote]) {
        guard !notes.isEmpty else { return }
        held.remove(notes)
        logger.notice("deadletters.resolved", metadata: ["deadletters.count": "\(notes.count)"])
    }
}
