import CareRecord

/// The check at the end: every record of the patients chosen, at every worker. Pure.
///
/// The workers are asked in two rounds: first each patient at the workers whose own records were touched, which settles
/// what is uncertain, then at all of them.
struct Verification {
    /// Of patients that are looked up.
    static let patientsMax = 20_000

    let patients: [Int]
    /// Patients that were touched, whether they are looked up or not.
    let touchedCount: Int
    private(set) var ledger: Ledger
    private let hies: Int
    private let recordsByPatient: [Int: [Ledger.RecordID]]
    private var worst: [Ledger.RecordID: Ledger.Verdict] = [:]
    private var lookedAt: [Ledger.RecordID: Int] = [:]

    init(_ ledger: Ledger, hies: Int, seed: UInt64, patientsMax: Int = patientsMax) {
        self.ledger = ledger
        self.hies = hies
        var touched = ledger.recordsByPatient()
        touchedCount = touched.count
        var chosen = touched.keys.sorted()
        if chosen.count > patientsMax {
            var random = SplitMix64(seed: seed ^ 0x7665_7269)
            for index in 0..<patientsMax { chosen.swapAt(index, random.within(index...chosen.count - 1)) }
            chosen.removeSubrange(patientsMax...)
            chosen.sort()
            let kept = Set(chosen)
            touched = touched.filter { kept.contains($0.key) }
        }
        patients = chosen
        recordsByPatient = touched
    }

    var recordCount: Int { recordsByPatient.values.reduce(0) { $0 + $1.count } }

    /// The HIEs whose own records of a patient were touched.
    func sources(of patient: Int) -> Set<Int> { Set(recordsByPatient[patient]?.map(\.source) ?? []) }

    /// First round: what a worker shows of its own records of a patient.
    mutating func settle(patient: Int, at worker: Int, _ seen: [SeenRecord]) {
        for id in recordsByPatient[patient] ?? [] where id.source == worker {
            ledger.settleUncertain(id, standing: seen.marks(of: id))
        }
    }

    /// Second round: what a worker shows of a patient.
    mutating func judge(patient: Int, _ seen: [SeenRecord]) {
        for id in recordsByPatient[patient] ?? [] {
            let verdict = ledger.verdict(id, standing: seen.marks(of: id))
            worst[id] = max(worst[id] ?? .asExpected, verdict)
            lookedAt[id, default: 0] += 1
        }
    }

    struct Tally: Equatable {
        /// As they have to be at every worker.
        var applied = 0
        var lost = 0
        var duplicated = 0
        var stale = 0
        /// Found as they have to be, but not looked for at every worker.
        var unchecked = 0
    }

    var tally: Tally {
        var tally = Tally()
        for id in recordsByPatient.values.joined() {
            switch worst[id] ?? .asExpected {
            case .lost: tally.lost += 1
            case .stale: tally.stale += 1
            case .duplicated: tally.duplicated += 1
            case .asExpected:
                if lookedAt[id] == hies { tally.applied += 1 } else { tally.unchecked += 1 }
            }
        }
        return tally
    }
}

/// An entry of a lookup that a load test made.
struct SeenRecord: Equatable {
    let id: Ledger.RecordID
    /// Second 0 of 1970 for a date that is no mark.
    let mark: VersionMark
}

extension [SeenRecord] {
    fileprivate func marks(of id: Ledger.RecordID) -> [VersionMark] { filter { $0.id == id }.map(\.mark) }
}
