import CareRecord
import NIOCore

/// What is seen once a second, and what the workers say of themselves.
extension DriveCore {
    func sampleLater(from start: UInt64, second: Int, _ onSample: @escaping @Sendable (LoadSample) -> Void) {
        let moment = start + UInt64(second) * 1_000_000_000
        guard moment <= schedule.endsAt else { return }
        eventLoop.scheduleTask(deadline: .uptimeNanoseconds(moment)) {
            self.assumeIsolated { core in  // this actor's own event loop runs the task
                guard core.schedule.isRunning else { return }
                let sample = core.sample(at: Double(second))
                core.figures.samples.append(sample)
                onSample(sample)
                core.pollSoon()
                core.sampleLater(from: start, second: second + 1, onSample)
            }
        }
    }

    private func sample(at seconds: Double) -> LoadSample {
        var sample = LoadSample(at: seconds)
        let batch = profile.changes?.batch ?? 1
        for (name, tally, factor) in [
            ("changes", \DriveFigures.changes, batch), ("lookups", \.lookups, 1), ("queries", \.queries, 1),
            ("badMessages", \.badMessages, 1),
        ] as [(String, WritableKeyPath<DriveFigures, DriveFigures.Tally>, Int)] {
            if figures[keyPath: tally].wanted > 0 {
                sample.rates[name] = Double(figures[keyPath: tally].recent * factor)
            }
            figures[keyPath: tally].recent = 0
        }
        if figures.applied.done > 0 { sample.rates["applied"] = Double(figures.applied.recent) }
        figures.applied.recent = 0
        for (clock, path) in DriveFigures.clocks {
            guard let interval = figures[keyPath: path].takeInterval() else { continue }
            sample.p50[clock.rawValue] = interval.p50
            sample.p99[clock.rawValue] = interval.p99
        }
        for (hie, count) in zip(hies, board.backlog) { sample.backlog[hie.text] = count }
        sample.peers = zip(hies, peerReadings).flatMap { hie, reading in reading.incomplete.map { "\(hie): \($0)" } }
        sample.errors = figures.errorsRecently
        figures.errorsRecently = 0
        return sample
    }

    /// Asks every worker that runs about its peers, unless it still owes the last answer.
    private func pollSoon() {
        for site in sites where !isPolling[site.place] && !board.isStopped(site.place) {
            isPolling[site.place] = true
            let place = site.place
            site.control.submit(site.get("/api/peers")) { reply in
                self.isPolling[place] = false
                self.read(peers: reply, at: place)
            }
        }
    }

    /// The same, waiting for the answers.
    func poll() async {
        for site in sites where !board.isStopped(site.place) {
            read(peers: await site.control.answer(to: site.get("/api/peers")), at: site.place)
        }
    }

    private func read(peers reply: HTTPLane.Reply, at worker: Int) {
        guard case .answered(let answer) = reply.outcome, answer.status == 200,
            let reading = PeerReading(Array(answer.body.readableBytesView))
        else { return }
        peerReadings[worker] = reading
        figures.workers[worker].applied.read(reading.applied)
        figures.workers[worker].redelivered.read(reading.redelivered)
        figures.workers[worker].parked.read(reading.parked)
        if reading.isBlocked { figures.workers[worker].blockedSeconds += 1 }
    }

    /// Reads what the workers time themselves; what is counted is what comes between two calls.
    func readConfirms() async {
        for site in sites where !board.isStopped(site.place) {
            let reply = await site.control.answer(to: site.get("/api/latencies"))
            guard case .answered(let answer) = reply.outcome, answer.status == 200,
                let json = try? JSON.parse(Array(answer.body.readableBytesView))
            else { continue }
            figures.workers[site.place].confirms.read("confirm", of: json)
        }
    }
}

extension DriveFigures {
    /// The clocks that are the generator's own.
    static let clocks: [(LoadResult.Clock, any WritableKeyPath<DriveFigures, LatencyRecorder> & Sendable)] = [
        (.schedule, \.schedule), (.accept, \.accept), (.replication, \.replication), (.lookup, \.lookup),
        (.query, \.query),
    ]
}
