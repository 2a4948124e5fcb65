import CareRecord
import Hummingbird
import Keys
import Replication
import Storage
import Topology
import Worker

/// `GET /api/peers`: every other HIE of the topology, at a replica its own too, the brokers, and this worker's own
/// side.
struct PeersRoute: Sendable {
    let worker: Worker

    func get() async throws -> Response {
        let journal = try await worker.records?.journalState()
        let unlinkedCount = try await worker.records?.unlinkedCount()
        let epochNotice = try await worker.records?.epochNotice()
        let incidents = try await worker.audit.counts(of: AccessEvent.Kind.incidents)
        let accounts = try await worker.letters.accounts()
        let causes = try await worker.letters.causes()
        let words = CoverageWords(worker)
        let topology = worker.topology
        return .json { json in
            json.members(of: worker.seat)
            json.member("at", worker.clock.now.text)
            json.array("peers") { json in
                for coverage in worker.coverage() where coverage.hie != worker.seat.journal {
                    json.object { json in
                        json.members(of: coverage, words)
                        json.members(of: worker.breakers.state(of: coverage.hie))
                        json.member("name", topology.hie(coverage.hie)?.name)
                        json.member("region", topology.hie(coverage.hie)?.region)
                    }
                }
            }
            json.array("brokers") { json in
                for broker in worker.brokers.all { json.object { $0.members(of: broker) } }
            }
            json.array("accounts") { json in
                for account in accounts { json.object { $0.members(of: account) } }
            }
            json.object("deadLetters") { $0.members(ofParked: causes) }
            json.object("own") { json in
                if let journal {
                    json.member("epoch", journal.epoch.text)
                    json.member("epochBegunAt", epochNotice?.begunAt.text)
                    json.member("epochReason", epochNotice?.reason)
                    json.member("head", journal.head)
                    json.member("publishedThrough", journal.publishedThrough)
                    json.member("unpublished", journal.head - journal.publishedThrough)
                    json.member("unlinked", unlinkedCount)
                }
                json.member("startedAt", worker.startedAt.text)
            }
            json.array("paused") { json in
                for pause in worker.pauses.all { json.object { $0.members(of: pause) } }
            }
            json.array("certificates") { json in
                for certificate in worker.keys.certificates {
                    json.object { $0.members(of: certificate, now: worker.clock.now) }
                }
            }
            json.object("incidents") { $0.members(ofIncidents: incidents) }
            json.object("counters") { $0.members(of: worker.counters.now) }
        }
    }
}

extension JSONWriter {
    /// Whose answer it is; `replica` at a replica only.
    mutating func members(of seat: Seat) {
        member("hie", seat.hie.text)
        member("replica", seat.replica?.text)
    }

    mutating func members(of account: SourceAccount) {
        member("hie", account.hie.text)
        member("published", account.published)
        member("applied", account.applied)
        member("held", account.held)
        member("discarded", account.discarded)
        member("behind", account.behind)
        member("reconciled", account.isReconciled)
    }

    /// Those that have been parked longest first.
    mutating func members(ofParked causes: [CauseCount]) {
        let parked = causes.filter { $0.count > 0 }.sorted {
            ($0.oldest, $0.cause.rawValue) < ($1.oldest, $1.cause.rawValue)
        }
        member("parked", parked.reduce(0) { $0 + $1.count })
        member("oldest", orNull: parked.first?.oldest.text)
        array("causes") { json in
            for cause in parked {
                json.object { json in
                    json.member("cause", cause.cause.rawValue)
                    json.member("count", cause.count)
                    json.member("oldest", cause.oldest.text)
                }
            }
        }
    }

    fileprivate mutating func members(of breaker: CircuitBreaker.State) {
        member("breaker", breaker.word)
        switch breaker {
        case .closed: break
        case .open(let since), .halfOpen(let since): member("breakerSince", since.text)
        }
    }

    fileprivate mutating func members(of broker: BrokerCondition) {
        member("broker", broker.broker)
        member("state", broker.state.rawValue)
        member("since", broker.since.text)
        member("reason", broker.reason)
    }

    fileprivate mutating func members(of certificate: FollowedCertificate, now: Timestamp) {
        member("file", certificate.file)
        member("kind", certificate.kind.rawValue)
        member("subject", orNull: certificate.facts?.subject)
        member("until", orNull: certificate.facts?.until.text)
        member("daysLeft", orNull: certificate.facts.map { Int64($0.daysLeft(at: now)) })
        member("state", certificate.state(at: now).rawValue)
    }

    fileprivate mutating func members(of pause: PauseBoard.Pause) {
        member("part", pause.part)
        member("since", pause.since.text)
        member("reason", pause.reason)
    }

    fileprivate mutating func members(of counters: Counters) {
        member("changesPublished", counters.changesPublished)
        member("changesApplied", counters.changesApplied.values.reduce(0, +))
        member("changesSuperseded", counters.changesSuperseded)
        member("messagesReceived", counters.messagesReceived)
        member("messagesRedelivered", counters.messagesRedelivered)
        member("messagesEarly", counters.messagesEarly)
        member("messagesUnroutable", counters.messagesUnroutable)
        member("messagesParked", counters.parked.values.reduce(0, +))
        member("pulsesSent", counters.pulsesSent)
        member("pulsesReceived", counters.pulsesReceived)
        member("resourcesAccepted", counters.resourcesAccepted)
        member("resourcesRefused", counters.resourcesRefused)
        member("lookups", counters.lookups)
        member("reconnects", counters.reconnects)
        member("questionsAsked", counters.questionsAsked)
        member("questionsUnanswered", counters.questionsUnanswered)
        member("questionsExpired", counters.questionsExpired)
        member("questionsRejected", counters.questionsRejected)
        member("answersGiven", counters.answersGiven)
        member("answersRefused", counters.answersRefused)
        member("answersUnexpected", counters.answersUnexpected)
        member("answersUnreadable", counters.answersUnreadable)
        member("pagesApplied", counters.pagesApplied)
        member("changesRepaired", counters.changesRepaired)
        member("divergences", counters.divergences)
        member("rowsMended", counters.rowsMended)
        member("bucketsCorrected", counters.bucketsCorrected)
        member("audits", counters.audits)
        member("epochsBegun", counters.epochsBegun)
        member("indexRebuilds", counters.indexRebuilds)
        member("queries", counters.queries)
        member("foreignAnswers", counters.foreignAnswers)
    }
}
