import CareRecord
import Logging
import Replication
import ServiceLifecycle

/// Asks peers whose breaker is open, when it is time, something small whose answer nobody waits for.
struct Prober: Service {
    let seat: Seat
    let topology: TopologyBoard
    let breakers: BreakerBoard
    let correspondence: Correspondence
    let settings: WorkerSettings
    let clock: WallClock
    let logger: Logger

    private static let roundMilliseconds: Int64 = 250

    func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                // While the broker on the way is gone there is nothing to find out.
                let peers = topology.present.connected.filter { peer in
                    peer != seat.journal && correspondence.obstacle(to: peer) == nil
                }
                for peer in breakers.takeProbes(of: peers, at: clock.now) {
                    group.addTask { await probe(peer) }
                }
                _ = try? await cancelWhenGracefulShutdown {
                    try await Task.sleep(for: .milliseconds(Self.roundMilliseconds))
                }
            }
            group.cancelAll()
        }
    }

    /// Each peer has one probe at a time on its way.
    private func probe(_ peer: HIEIdentifier) async {
        let startedAt = ContinuousClock.now
        let outcome = await correspondence.ask(
            .state(JournalWitness(epoch: nil, through: 0)), of: peer,
            timeoutMilliseconds: 2 * settings.breaker.slowAfterMilliseconds)
        switch outcome {
        case .answered(.refusal), .unanswered:
            breakers.probed(.failed(because: .peer), of: peer, at: clock.now)
        case .answered:
            let passed = ContinuousClock.now - startedAt
            breakers.probed(.answered(milliseconds: passed.milliseconds), of: peer, at: clock.now)
            logger.notice(
                "breaker.probed", metadata: ["peer.hie": "\(peer)", "breaker": "\(breakers.state(of: peer).word)"])
        }
    }
}
