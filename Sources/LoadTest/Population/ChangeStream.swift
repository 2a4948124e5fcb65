package import CareRecord

/// The changes that one HIE makes to the records of the patients that it knows, without an end.
///
/// Everything follows from the seed, as in ``Population``, whose patients these are: the patient's own resource has
/// to be there before. A record is left alone for some changes after each of its own, so that no two of them are in
/// one request.
package struct ChangeStream: Sendable {
    /// Records that may still be changed; of more that are made, some are left as they are.
    private static let liveRecordsMax = 100_000
    private static let triesMax = 256
    /// Records that one visit of a patient makes at most; one after the other, as they are written down.
    private static let visitRecordsMax = 12

    private struct LiveRecord {
        let number: Int32
        let patient: Int32
        var version: Int32
        let kind: Chart.Kind
        let firstMark: VersionMark
    }

    package let hie: HIEIdentifier
    private let population: Population
    /// Of the HIE among those of the population.
    private let place: Int
    private let createPercent: Int
    private let deletePercent: Int
    private var random: SplitMix64
    /// The patient who is here, and how many records are still to come of the visit.
    private var visit = (patient: 0, left: 0)
    private var madeCount = 0
    private var changeCount = 0
    private var live: [LiveRecord] = []
    /// The records of the last changes, in a ring; `nil` for one that was deleted.
    private var resting: [LiveRecord?]

    /// `nil` where the HIE is none of the population's, or knows no patient.
    package init?(
        of population: Population, at hie: HIEIdentifier, createPercent: Int = 60, deletePercent: Int = 5,
        restChanges: Int = 64
    ) {
        precondition(restChanges > 0, "a record rests for some changes")
        guard let place = population.hies.firstIndex(of: hie),
            (0..<population.patients).contains(where: { population.places(knowing: $0).contains(place) })
        else { return nil }
        self.hie = hie
        self.population = population
        self.place = place
        self.createPercent = createPercent
        self.deletePercent = deletePercent
        random = SplitMix64(seed: population.seed ^ 0x6368_616E, stream: hie.stream(of: 0))
        resting = Array(repeating: nil, count: restChanges)
    }

    package mutating func next() -> StreamChange {
        let draw = random.below(100)
        var record: LiveRecord
        let action: StreamChange.Action
        if draw < createPercent || live.isEmpty {
            record = make()
            action = .create
        } else {
            let chosen = random.below(live.count)
            live.swapAt(chosen, live.count - 1)
            record = live.removeLast()
            record.version += 1
            action = draw >= 100 - deletePercent ? .delete : .update
        }
        rest(action == .delete ? nil : record)
        return StreamChange(
            number: Int(record.number), version: Int(record.version), patient: Int(record.patient), action: action,
            kind: record.kind, firstMark: record.firstMark)
    }

    private mutating func rest(_ record: LiveRecord?) {
        let slot = changeCount % resting.count
        if let rested = resting[slot], live.count < Self.liveRecordsMax { live.append(rested) }
        resting[slot] = record
        changeCount += 1
    }

    private mutating func make() -> LiveRecord {
        if visit.left == 0 { visit = (patient(), 1 + random.below(Self.visitRecordsMax)) }
        visit.left -= 1
        let patient = visit.patient
        var chart = population.chart(of: patient, at: hie)
        chart.random = SplitMix64(seed: random.next())
        defer { madeCount += 1 }
        return LiveRecord(
            number: Int32(madeCount), patient: Int32(patient), version: 1, kind: Chart.kind(&random),
            firstMark: VersionMark(chart.day(), minute: chart.minute()))
    }

    /// One whom the HIE knows.
    private mutating func patient() -> Int {
        var patient = 0
        for _ in 0..<Self.triesMax {
            patient = random.below(population.patients)
            if isKnown(patient) { return patient }
        }
        for offset in 0..<population.patients {
            let next = (patient + offset) % population.patients
            if isKnown(next) { return next }
        }
        preconditionFailure("the HIE knows a patient")
    }

    private func isKnown(_ patient: Int) -> Bool { population.places(knowing: patient).contains(place) }
}

// MARK: - As FHIR

extension ChangeStream {
    /// `Condition/barts-17-s42`: no resource of the population itself has such an id.
    package func reference(of change: StreamChange) -> String {
        "\(change.kind.rawValue)/\(hie)-\(change.patient)-\(RecordNumber.letter)\(change.number)"
    }

    /// A batch bundle of changes to different records.
    package func writeBundle(_ changes: some Sequence<StreamChange>, into writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("resourceType", "Bundle")
            writer.member("type", "batch")
            writer.array("entry") { writer in
                for change in changes { writer.object { writeEntry(change, into: &$0) } }
            }
        }
    }

    private func writeEntry(_ change: StreamChange, into writer: inout JSONWriter) {
        if change.action != .delete {
            writer.object("resource") { writeResource(change, into: &$0) }
        }
        writer.object("request") { writer in
            writer.member("method", change.action == .delete ? "DELETE" : "PUT")
            writer.member("url", reference(of: change))
        }
    }

    /// The members of what a change puts.
    private func writeResource(_ change: StreamChange, into writer: inout JSONWriter) {
        var chart = population.chart(of: change.patient, at: hie)
        chart.random = SplitMix64(
            seed: population.seed ^ UInt64(change.version), stream: hie.stream(of: change.number))
        chart.mark = change.mark
        let id = "\(chart.idPrefix)\(RecordNumber.letter)\(change.number)"
        chart.write(Chart.Sheet(kind: change.kind, id: id), into: &writer)
    }
}

/// The number of a record in its id, behind the last hyphen: `s42` in `barts-17-s42`.
enum RecordNumber {
    static let letter = "s"

    /// `nil` for the ids of all other resources.
    static func read(_ reference: some BidirectionalCollection<UInt8>) -> Int? {
        var number = 0
        var factor = 1
        for byte in reference.reversed() {
            if byte == UInt8(ascii: "s"), factor > 1 { return number }
            guard byte &- UInt8(ascii: "0") < 10, factor < 1_000_000_000_000 else { return nil }
            number += Int(byte - UInt8(ascii: "0")) * factor
            factor *= 10
        }
        return nil
    }
}
