import CareRecord
import Replication
import Topology
import Worker

/// Says why a source is not complete, in words for an operator, with what is known of the broker on the way to it.
struct CoverageWords: Sendable {
    let worker: Worker
    private let patient: NHSNumber?
    /// Brokers that are not connected.
    private let away: [BrokerCondition]
    private let repairs: [HIEIdentifier: String]

    /// `patient` is who the answer is about, where it is about one.
    init(_ worker: Worker, of patient: NHSNumber? = nil) {
        self.worker = worker
        self.patient = patient
        away = worker.brokers.all.filter { $0.state != .connected }
        repairs = worker.coverageBoard.repairs
    }

    /// `nil` for a source that is complete, unless something of it is asked for.
    func reason(_ coverage: SourceCoverage) -> String? {
        var reasons = [coverage.state.reason].compactMap(\.self)
        if case .held = coverage.state { reasons.append("type: wherry deadletters list --source \(coverage.hie)") }
        if coverage.state.reason != nil, let broker = awayBroker(of: coverage.hie) {
            let detail = broker.reason.map { ": \($0)" } ?? ""
            reasons.append("broker \(broker.broker) is \(broker.state.rawValue)\(detail)")
        }
        if let repair = repairs[coverage.hie] { reasons.append("repair: \(repair)") }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }

    /// Parked letters of the HIE that name the patient; `nil` where there are none, or the answer is about nobody. Read
    /// from memory (promise P4).
    func heldOfPatient(_ hie: HIEIdentifier) -> Int? {
        guard let patient else { return nil }
        let count = worker.letters.held(of: patient, source: hie)
        return count > 0 ? count : nil
    }

    /// Whether the broker over which the HIE is reached is not connected. Own changes need none.
    func isBrokerAway(from hie: HIEIdentifier) -> Bool { awayBroker(of: hie) != nil }

    private func awayBroker(of hie: HIEIdentifier) -> BrokerCondition? {
        guard !away.isEmpty, hie != worker.seat.journal,
            let link = worker.links.first(where: { $0.sources.contains(hie) })
        else { return nil }
        return away.first { $0.broker == link.name }
    }
}

extension JSONWriter {
    /// The members that every form of a source's coverage has; `asOf` and `head` are null while unknown.
    mutating func members(of coverage: SourceCoverage, _ words: CoverageWords) {
        member("hie", coverage.hie.text)
        member("state", coverage.state.word)
        member("asOf", orNull: coverage.asOf?.text)
        member("watermark", coverage.watermark)
        member("head", orNull: coverage.head)
        member("behind", orNull: coverage.behind)
        member("held", coverage.held)
        member("heldOfPatient", words.heldOfPatient(coverage.hie))
        member("reason", words.reason(coverage))
    }
}
