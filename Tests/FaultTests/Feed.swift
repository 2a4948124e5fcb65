import CareRecord
import LoadTest
import NIOConcurrencyHelpers
import TestSupport

/// The records of one HIE, sent to its worker piece by piece, and what must be in every index afterwards.
///
/// The feed is the system of record: a piece is sent again until a worker has said that it keeps it, through
/// whatever happens to the worker. What was said to be kept must be there in the end.
final class Feed: Sendable {
    /// How the pieces relate to each other.
    enum Pattern {
        /// Every resource once: as many changes as resources.
        case fresh
        /// A third of the resources are there already and are written with another code; now and then a patient's
        /// record moves to another NHS number, which withdraws entries.
        case corrected
    }

    static let pieceChanges = 250
    private static let patientsPerPiece = 10
    /// Patients that every HIE knows come first.
    private static let numbers: [NHSNumber] = (Int64(1)...2000).compactMap { NHSNumber(firstNine: 999_000_000 + $0) }

    let hie: String
    /// Of a patient that is in the first piece of every feed.
    static var sharedPatient: String { numbers[0].text }

    private let pieces: [String]
    /// `Type/id number code` of every entry in the end.
    let expected: Set<String>
    private let accepted = NIOLockedValueBox(0)

    init(_ hie: String, pieces count: Int, pattern: Pattern, seed: UInt64 = 1) {
        self.hie = hie
        var chart = FeedChart(pattern: pattern, generator: SplitMix64(seed: seed))
        pieces = (0..<count).map { piece in
            let patients = (0..<Self.patientsPerPiece).map { piece * Self.patientsPerPiece + $0 }
            return chart.piece(patients, changes: Self.pieceChanges, numbers: Self.numbers)
        }
        expected = chart.expected
    }

    var acceptedCount: Int { accepted.withLockedValue { $0 } }
    var count: Int { pieces.count }

    /// Sends everything in order; `client` is asked for the worker each time, since it may be another by then.
    func run(_ client: @Sendable () async throws -> WorkerAPI) async throws {
        for piece in pieces {
            let isKept = await eventually(within: 60) {
                do {
                    try await client().submit(piece)
                    return true
                } catch {
                    return false
                }
            }
            guard isKept else { throw WorkerAPI.Refused(description: "\(hie) takes nothing in") }
            accepted.withLockedValue { $0 += 1 }
        }
    }

    /// Suspends until so much of it was taken in, 0 to 1.
    func reaches(_ share: Double) async -> Bool {
        await eventually(within: 120) { Double(acceptedCount) >= share * Double(count) }
    }
}

/// What is written so far.
private struct FeedChart {
    let pattern: Feed.Pattern
    var generator: SplitMix64
    /// The number of each patient, in order of their ids, as an index into the numbers.
    private var patients: [Int: NHSNumber] = [:]
    private var conditions: [(patient: Int, code: Int)] = []

    init(pattern: Feed.Pattern, generator: SplitMix64) {
        self.pattern = pattern
        self.generator = generator
    }

    var expected: Set<String> {
        var expected = Set(patients.map { "Patient/p\($0.key) \($0.value.value) " })
        for (id, condition) in conditions.enumerated() {
            guard let number = patients[condition.patient] else { continue }
            expected.insert("Condition/c\(id) \(number.value) \(condition.code)")
        }
        return expected
    }

    mutating func piece(_ ids: [Int], changes: Int, numbers: [NHSNumber]) -> String {
        var lines = ""
        for id in ids { write(patient: id, number: numbers[id], to: &lines) }
        if case .corrected = pattern, let id = ids.first, id > 0, generator.chance(percent: 40) {
            let moved = generator.below(id)
            write(patient: moved, number: numbers[numbers.count - 1 - moved], to: &lines)
        }
        for _ in ids.count..<changes {
            let id = conditions.count
            if case .corrected = pattern, id > 0, generator.chance(percent: 33) {
                write(condition: generator.below(id), code: generator.within(1000...9_999_999), to: &lines)
            } else {
                conditions.append((patient: generator.pick(ids), code: 0))
                write(condition: id, code: generator.within(1000...9_999_999), to: &lines)
            }
        }
        return lines
    }

    private mutating func write(patient id: Int, number: NHSNumber, to lines: inout String) {
        patients[id] = number
        lines += #"{"resourceType":"Patient","id":"p\#(id)","identifier":[{"system":"\#(NHSNumber.system)","#
        lines += #""value":"\#(number.text)"}],"name":[{"family":"Example"}]}"# + "\n"
    }

    private mutating func write(condition id: Int, code: Int, to lines: inout String) {
        conditions[id].code = code
        lines += #"{"resourceType":"Condition","id":"c\#(id)","#
        lines += #""subject":{"reference":"Patient/p\#(conditions[id].patient)"},"#
        lines += #""code":{"coding":[{"system":"http://snomed.info/sct","code":"\#(code)","display":"Example"}]},"#
        lines += #""onsetDateTime":"2020-05-01"}"# + "\n"
    }
}
