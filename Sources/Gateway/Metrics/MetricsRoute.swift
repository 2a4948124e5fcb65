import CareRecord
import Hummingbird
import Keys
import Replication
import Storage
import Topology
import Worker

/// `GET /metrics`: the worker in numbers. Labels name HIEs, brokers and parts, never patients.
struct MetricsRoute: Sendable {
    let worker: Worker
    let histograms: Histograms

    /// Replay plans are counted among so many of the latest.
    private static let plansMax = 100

    func get() async throws -> Response {
        let journal = try await worker.records?.journalState()
        let unlinkedCount = try await worker.records?.unlinkedCount()
        let causes = try await worker.letters.causes()
        let plans = try await worker.letters.plans(limit: Self.plansMax)
        var metrics = MetricsText()
        metrics.append(worker.coverage())
        metrics.append(worker.counters.now, sources: worker.topology.hies.map(\.id))
        metrics.append(worker.brokers.all)
        metrics.append(parked: causes, now: worker.clock.now)
        metrics.append(plans)
        if let journal, let unlinkedCount { metrics.append(journal, unlinkedCount: unlinkedCount) }
        metrics.append(worker.keys.certificates)
        metrics.metric(
            "wherry_paused", .gauge, "1 while a part of the worker stands still.",
            worker.pauses.all.map { (["part": $0.part], 1) })
        metrics.histogram("wherry_lookup_duration_seconds", "How long lookups took.", histograms.lookups.now)
        metrics.histogram(
            "wherry_safety_net_duration_seconds", "How long lists of referrals took, whole lists each.",
            histograms.safetyNets.now)
        metrics.histogram(
            "wherry_submission_duration_seconds", "How long it took to read and store submissions.",
            histograms.submissions.now)
        metrics.histogram("wherry_query_duration_seconds", "How long queries took.", histograms.queries.now)
        metrics.metric(
            "wherry_breaker_open", .gauge, "1 while a peer is not asked because it failed or was slow.",
            worker.topology.hies.filter { $0.id != worker.seat.journal }.map { hie in
                (["source": hie.id.text], worker.breakers.state(of: hie.id) == .closed ? 0 : 1)
            })
        metrics.append(ProcessFigures.read(), startedAt: worker.startedAt)
        return .content(Array(metrics.text.utf8), ContentType.metrics)
    }
}

extension MetricsText {
    fileprivate mutating func append(_ journal: JournalState, unlinkedCount: Int) {
        metric("wherry_journal_head", .gauge, "The latest number of this HIE's own journal.", journal.head)
        metric(
            "wherry_journal_published_through", .gauge, "Own changes up to this number are confirmed by the broker.",
            journal.publishedThrough)
        metric(
            "wherry_resources_unlinked", .gauge, "Own resources whose patient has no known NHS number.",
            Int64(unlinkedCount))
    }

    /// Where two have the same labels, the one that ends first.
    fileprivate mutating func append(_ certificates: [FollowedCertificate]) {
        var ends: [[String]: Timestamp] = [:]
        for certificate in certificates {
            guard let facts = certificate.facts else { continue }
            let labels = [certificate.kind.rawValue, certificate.fileName, facts.subject]
            ends[labels] = min(facts.until, ends[labels] ?? facts.until)
        }
        metric(
            "wherry_certificate_expiry_timestamp_seconds", .gauge,
            "When a certificate of this worker's TLS files ends.",
            ends.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { labels, until in
                (["kind": labels[0], "file": labels[1], "subject": labels[2]], Double(until.milliseconds) / 1000)
            })
    }

    fileprivate mutating func append(_ sources: [SourceCoverage]) {
        func samples(_ value: (SourceCoverage) -> Int64?) -> [(labels: Labels, value: Double)] {
            sources.compactMap { source in value(source).map { (["source": source.hie.text], Double($0)) } }
        }
        metric(
            "wherry_source_head", .gauge, "The latest number of a source's journal, as far as it was told.",
            samples { $0.head })
        metric(
            "wherry_source_watermark", .gauge, "Every change of a source up to this number is applied.",
            samples { $0.watermark })
        metric(
            "wherry_source_behind_changes", .gauge, "Numbers of a source's journal that are not applied yet.",
            samples { $0.behind })
        metric(
            "wherry_source_as_of_timestamp_seconds", .gauge, "As of when everything of a source is here.",
            sources.compactMap { source in
                source.asOf.map { (["source": source.hie.text], Double($0.milliseconds) / 1000) }
            })
        metric(
            "wherry_source_dead_letters", .gauge, "Dead letters of a source that wait for an operator.",
            samples { Int64($0.held) })
        metric(
            "wherry_source_state", .gauge, "1 for the state that a source is in.",
            sources.flatMap { source in
                CoverageState.words.map { word in
                    (["source": source.hie.text, "state": word], source.state.word == word ? 1 : 0)
                }
            })
    }

    fileprivate mutating func append(_ brokers: [BrokerCondition]) {
        metric(
            "wherry_broker_state", .gauge, "1 for the state that the connection to a broker is in.",
            brokers.flatMap { broker in
                BrokerCondition.State.allCases.map { state in
                    (["broker": broker.broker, "state": state.rawValue], broker.state == state ? 1 : 0)
                }
            })
    }

    fileprivate mutating func append(_ counters: Counters, sources: [HIEIdentifier]) {
        metric(
            "wherry_changes_applied_total", .counter, "Changes that changed the index.",
            sources.map { (["source": $0.text], Double(counters.changesApplied[$0] ?? 0)) })
        metric(
            "wherry_messages_parked_total", .counter, "Messages and changes that became dead letters.",
            Rejection.Cause.allCases.map { (["cause": $0.rawValue], Double(counters.parked[$0] ?? 0)) })
        metric(
            "wherry_letters_replayed_total", .counter, "Dead letters that were replayed, by what came of it.",
            ["applied", "duplicate", "superseded", "failedAgain"].map { word in
                (["result": word], Double(counters.replayed[word] ?? 0))
            })
        metric(
            "wherry_messages_unrouted_total", .counter,
            "Messages that reached no queue and were good for their time only, by type.",
            MessageHeader.Kind.allCases.map { (["type": $0.rawValue], Double(counters.unroutedTransient[$0] ?? 0)) })
        let plain: [(name: String, help: String, value: Int64)] = [
            ("changes_superseded", "Changes that were in the index already.", counters.changesSuperseded),
            ("changes_published", "Own changes that the broker confirmed.", counters.changesPublished),
            ("messages_published", "Messages that the broker confirmed.", counters.messagesPublished),
            (
                "messages_unroutable", "Messages that the broker took and that reach nobody.",
                counters.messagesUnroutable
            ),
            ("messages_refused", "Messages that the broker refused.", counters.messagesRefused),
            ("messages_received", "Messages that brokers delivered.", counters.messagesReceived),
            ("messages_redelivered", "Of these, those delivered before.", counters.messagesRedelivered),
            ("messages_drained", "Messages that brokers had put aside.", counters.messagesDrained),
            ("messages_suspicious", "Messages read alone, delivered in vain before.", counters.messagesSuspicious),
            ("replays_unknown", "Messages marked as replays that no plan waits for.", counters.replaysUnknown),
            ("replays_returned", "Replayed letters that a broker put aside again.", counters.replaysReturned),
            ("messages_early", "Messages of HIEs that are not connected yet.", counters.messagesEarly),
            ("batches_stale", "Messages of an epoch that is over.", counters.batchesStale),
            ("sources_replaced", "Sources whose numbering began again.", counters.sourcesReplaced),
            ("pulses_sent", "Pulses sent.", counters.pulsesSent),
            ("pulses_received", "Pulses received.", counters.pulsesReceived),
            ("broker_reconnects", "Attempts to connect to a broker again.", counters.reconnects),
            ("index_transactions", "Transactions on the index.", counters.indexTransactions),
            ("index_rebuilds", "Times that the index was set aside and begun anew.", counters.indexRebuilds),
            ("index_audits", "Times that the rows of a source were counted.", counters.audits),
            ("index_buckets_corrected", "Digests that an audit found wrong.", counters.bucketsCorrected),
            ("index_divergences", "Times that entries differed from their source's.", counters.divergences),
            ("index_rows_mended", "Rows of the index that were wrong and put right.", counters.rowsMended),
            ("repair_pages_applied", "Pages of journals that were asked for.", counters.pagesApplied),
            ("repair_changes_applied", "Changes of these that changed the index.", counters.changesRepaired),
            ("questions_asked", "Questions to other HIEs.", counters.questionsAsked),
            ("questions_unanswered", "Questions that ended without an answer.", counters.questionsUnanswered),
            ("questions_expired", "Questions of others that came too late.", counters.questionsExpired),
            ("questions_rejected", "Questions of nobody who may ask, or unreadable.", counters.questionsRejected),
            ("answers_given", "Answers to questions of others.", counters.answersGiven),
            ("answers_refused", "Questions of others answered with a refusal.", counters.answersRefused),
            ("answers_unexpected", "Answers that no question waited for.", counters.answersUnexpected),
            ("answers_unreadable", "Answers that could not be read.", counters.answersUnreadable),
            ("epochs_begun", "Times that the own journal's numbering began again.", counters.epochsBegun),
            ("resources_accepted", "Resources accepted.", counters.resourcesAccepted),
            ("resources_refused", "Resources refused.", counters.resourcesRefused),
            ("lookups", "Patients who were looked up in the index.", counters.lookups),
            ("queries", "Questions about a patient to whoever holds something.", counters.queries),
            ("foreign_answers", "Answers that held another patient's data.", counters.foreignAnswers),
        ]
        for counter in plain { metric("wherry_\(counter.name)_total", .counter, counter.help, counter.value) }
    }

    fileprivate mutating func append(_ process: ProcessFigures, startedAt: Timestamp) {
        if let bytes = process.residentBytes {
            metric("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", bytes)
        }
        metric("process_cpu_seconds_total", .counter, "User and system CPU time spent in seconds.", process.cpuSeconds)
        if let count = process.openFileCount {
            metric("process_open_fds", .gauge, "Number of open file descriptors.", Int64(count))
        }
        metric(
            "process_start_time_seconds", .gauge, "Start time since the Unix epoch in seconds.",
            Double(startedAt.milliseconds) / 1000)
        metric("wherry_build_info", .gauge, "1, with the version.", [(["version": ProductVersion.text], 1)])
    }
}

extension CoverageState {
    /// Every word of the contract.
    fileprivate static var words: [String] {
        let all: [CoverageState] = [
            .complete, .behind(changes: 0), .silent(since: nil), .held(deadLetters: 0), .joining(applied: 0, of: 0),
            .planned,
        ]
        return all.map(\.word)
    }
}
