import CareRecord
import Testing

@testable import LoadTest

@Suite("Ledger")
struct LedgerTests {
    private static let first = VersionMark(seconds: 1_000_000)
    private static let id = Ledger.RecordID(source: 0, number: 0)

    private static func change(_ version: Int, _ action: StreamChange.Action = .update) -> StreamChange {
        StreamChange(
            number: 0, version: version, patient: 7, action: version == 1 ? .create : action, kind: .condition,
            firstMark: first)
    }

    /// A record with these changes, one after the other.
    private static func ledger(_ fates: [(Ledger.Fate, StreamChange.Action)]) -> Ledger {
        var ledger = Ledger(sources: 1)
        for (index, (fate, action)) in fates.enumerated() {
            let change = change(index + 1, action)
            ledger.attempt(change, source: 0)
            ledger.settle(change, source: 0, as: fate)
        }
        return ledger
    }

    private static func verdict(_ ledger: Ledger, _ versions: Int...) -> Ledger.Verdict {
        ledger.verdict(id, standing: versions.map { first.adding(seconds: Int64($0 - 1)) })
    }

    @Test("what was acknowledged last has to stand, once")
    func acknowledged() {
        let ledger = Self.ledger([(.acknowledged, .create), (.acknowledged, .update)])
        #expect(Self.verdict(ledger, 2) == .asExpected)
        #expect(Self.verdict(ledger, 1) == .stale)
        #expect(Self.verdict(ledger, 3) == .stale)
        #expect(Self.verdict(ledger) == .lost)
        #expect(Self.verdict(ledger, 2, 2) == .duplicated)
        #expect(Self.verdict(ledger, 1, 2) == .duplicated)
        #expect(ledger.acknowledged == 2)
    }

    @Test("what was deleted must not stand")
    func deleted() {
        let ledger = Self.ledger([(.acknowledged, .create), (.acknowledged, .delete)])
        #expect(Self.verdict(ledger) == .asExpected)
        #expect(Self.verdict(ledger, 1) == .stale)
        #expect(Self.verdict(ledger, 2) == .stale)
    }

    @Test("what was refused changes nothing")
    func refused() {
        let update = Self.ledger([(.acknowledged, .create), (.refused, .update)])
        #expect(Self.verdict(update, 1) == .asExpected && Self.verdict(update, 2) == .stale)
        let create = Self.ledger([(.refused, .create)])
        #expect(Self.verdict(create) == .asExpected && Self.verdict(create, 1) == .stale)
        let delete = Self.ledger([(.acknowledged, .create), (.refused, .delete)])
        #expect(Self.verdict(delete, 1) == .asExpected && Self.verdict(delete) == .lost)
    }

    @Test("of what is unknown either outcome is right, until the source has shown which")
    func unknown() {
        var update = Self.ledger([(.acknowledged, .create), (.unknown, .update)])
        #expect(Self.verdict(update, 1) == .asExpected && Self.verdict(update, 2) == .asExpected)
        #expect(Self.verdict(update) == .lost && Self.verdict(update, 3) == .stale)
        update.settleUncertain(Self.id, standing: [Self.first.adding(seconds: 1)])
        #expect(Self.verdict(update, 1) == .stale && Self.verdict(update, 2) == .asExpected)
        var delete = Self.ledger([(.acknowledged, .create), (.unknown, .delete)])
        #expect(Self.verdict(delete) == .asExpected && Self.verdict(delete, 1) == .asExpected)
        delete.settleUncertain(Self.id, standing: [])
        #expect(Self.verdict(delete) == .asExpected && Self.verdict(delete, 1) == .stale)
        let late = Self.ledger([(.unknown, .create), (.acknowledged, .update)])
        #expect(Self.verdict(late, 1) == .asExpected && Self.verdict(late, 2) == .asExpected)
    }

    @Test("what the source shows settles nothing where it cannot be right")
    func unsettled() {
        var ledger = Self.ledger([(.acknowledged, .create), (.unknown, .update)])
        ledger.settleUncertain(Self.id, standing: [])
        #expect(Self.verdict(ledger) == .lost && Self.verdict(ledger, 2) == .asExpected)
    }

    @Test(
        "a mesh that does as it says is never blamed, one that forgets, repeats or goes back always", arguments: 1...30)
    func property(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let population = Population(seed: seed, patients: 40)
        var stream = try #require(ChangeStream(of: population, at: population.hies[0], deletePercent: 12))
        var ledger = Ledger(sources: 1)
        var truth: [Int: VersionMark] = [:]
        var late: [StreamChange] = []
        for _ in 0..<1_500 {
            let change = stream.next()
            ledger.attempt(change, source: 0)
            #expect(ledger.isUnderWay(change, source: 0))
            let fate: Ledger.Fate = random.chance(percent: 80) ? .acknowledged : random.pick([.refused, .unknown])
            let isDone = fate == .acknowledged || fate == .unknown && random.chance(percent: 40)
            if isDone { truth[change.number] = change.action == .delete ? nil : change.mark }
            if fate == .unknown, !isDone { late.append(change) }
            ledger.settle(change, source: 0, as: fate)
        }
        // A request that nobody waits for any more may still be carried out.
        for change in late where random.chance(percent: 50) {
            truth[change.number] = change.action == .delete ? nil : change.mark
        }
        let ids = (0..<ledger.recordCount(source: 0)).map { Ledger.RecordID(source: 0, number: $0) }
        for id in ids { ledger.settleUncertain(id, standing: truth[id.number].map { [$0] } ?? []) }
        for id in ids {
            let standing = truth[id.number].map { [$0] } ?? []
            #expect(ledger.verdict(id, standing: standing) == .asExpected)
            guard let mark = standing.first else {
                #expect(ledger.verdict(id, standing: [try #require(ledger.record(id)).firstMark]) == .stale)
                continue
            }
            #expect(ledger.verdict(id, standing: []) == .lost)
            #expect(ledger.verdict(id, standing: [mark, mark]) == .duplicated)
            #expect(ledger.verdict(id, standing: [mark.adding(seconds: -1)]) == .stale)
        }
    }
}

@Suite("Verification")
struct VerificationTests {
    /// Two HIEs, whose streams each made some records.
    private static func ledger(_ population: Population, changes: Int) throws -> Ledger {
        var ledger = Ledger(sources: 2)
        for source in 0..<2 {
            var stream = try #require(ChangeStream(of: population, at: population.hies[source], createPercent: 100))
            for _ in 0..<changes {
                let change = stream.next()
                ledger.attempt(change, source: source)
                ledger.settle(change, source: source, as: .acknowledged)
            }
        }
        return ledger
    }

    private static func population(_ patients: Int) throws -> Population {
        let hies = try ["barts", "homerton"].map { try #require(HIEIdentifier($0)) }
        return Population(seed: 5, patients: patients, hies: hies)
    }

    private static func seen(_ ledger: Ledger, _ patient: Int) -> [SeenRecord] {
        (ledger.recordsByPatient()[patient] ?? []).compactMap { id in
            ledger.record(id).map { SeenRecord(id: id, mark: $0.firstMark) }
        }
    }

    @Test("a record counts once, by the worst that any worker shows of it")
    func worst() throws {
        let ledger = try Self.ledger(try Self.population(20), changes: 30)
        var verification = Verification(ledger, hies: 2, seed: 1)
        #expect(verification.recordCount == 60)
        for patient in verification.patients {
            verification.judge(patient: patient, Self.seen(ledger, patient))
        }
        #expect(verification.tally == .init(unchecked: 60))
        let victim = verification.patients[0]
        for patient in verification.patients {
            let seen = Self.seen(ledger, patient)
            verification.judge(patient: patient, patient == victim ? [] : seen)
        }
        let lost = Self.seen(ledger, victim).count
        #expect(verification.tally == .init(applied: 60 - lost, lost: lost))
    }

    @Test("of many patients some are chosen, by the seed")
    func sampled() throws {
        let ledger = try Self.ledger(try Self.population(400), changes: 500)
        let some = Verification(ledger, hies: 2, seed: 1, patientsMax: 50)
        #expect(some.patients.count == 50 && some.touchedCount > 50 && Set(some.patients).count == 50)
        #expect(some.patients == Verification(ledger, hies: 2, seed: 1, patientsMax: 50).patients)
        #expect(some.patients != Verification(ledger, hies: 2, seed: 2, patientsMax: 50).patients)
    }
}
