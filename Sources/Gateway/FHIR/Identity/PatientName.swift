import CareRecord
import HTTPTypes
import Replication
import Storage
import Topology
import Worker

/// Which patient a request means: by NHS number, or by the id of a Patient at some HIE.
enum PatientName: Sendable, Hashable {
    case number(NHSNumber)
    case local(HIEIdentifier, id: String)

    /// Reads what stands after `Patient/`: an NHS number, `source.id` as searches give it, or an id of this HIE itself.
    /// The refusal does not repeat it.
    init(id text: String, _ worker: Worker) throws(Refusal) {
        if let number = NHSNumber(text) {
            self = .number(number)
            return
        }
        let digits = text.filter { $0 != " " }
        if digits.count == 10, digits.allSatisfy(\.isWholeNumber) {
            self = .number(try NHSNumber(requested: text))
            return
        }
        if let (hie, id) = Self.split(text), worker.topology.hie(hie) != nil {
            self = .local(hie, id: id)
        } else if ResourceKey.isID(text) {
            self = .local(worker.hie, id: text)
        } else {
            throw Refusal(
                .badRequest, .value,
                "not a patient's name: send an NHS number, or the id of a Patient as a search here gives it")
        }
    }

    /// Reads `system|value`, where the system is that of the NHS number or of an HIE's own ids, or a bare NHS number.
    init(identifier text: String, _ worker: Worker) throws(Refusal) {
        guard let bar = text.firstIndex(of: "|") else {
            self = .number(try NHSNumber(requested: text))
            return
        }
        let value = text[text.index(after: bar)...]
        let system = String(text[..<bar])
        if system == NHSNumber.system {
            self = .number(try NHSNumber(requested: value))
            return
        }
        guard let hie = HIEIdentifier(system: system), worker.topology.hie(hie) != nil else {
            throw Refusal(
                .badRequest, .notSupported,
                """
                patients are known by identifier=\(NHSNumber.system)|N, and by \(HIEIdentifier.systemPrefix) with the \
                name of an HIE and its Patient's id
                """)
        }
        guard ResourceKey.isID(value) else {
            throw Refusal(.badRequest, .value, "an id is 1 to 64 letters, digits, hyphens and full stops")
        }
        self = .local(hie, id: String(value))
    }

    /// The HIE and the id in `barts.p1`. No HIE's name has a full stop.
    static func split(_ text: String) -> (HIEIdentifier, id: String)? {
        guard let stop = text.firstIndex(of: "."), let hie = HIEIdentifier(text[..<stop]) else { return nil }
        let id = text[text.index(after: stop)...]
        return ResourceKey.isID(id) ? (hie, String(id)) : nil
    }
}

extension HIEIdentifier {
    static let systemPrefix = "urn:wherry:hie:"

    /// The system of the ids that this HIE gives its resources.
    var system: String { Self.systemPrefix + text }

    init?(system: String) {
        guard system.hasPrefix(Self.systemPrefix) else { return nil }
        self.init(system.dropFirst(Self.systemPrefix.count))
    }
}

extension Worker {
    private static let namesakesMax = 10

    /// What the index holds of the patient who is meant; refuses a name that leads to nobody, or to two.
    func lookup(_ name: PatientName) async throws -> Lookup {
        switch name {
        case .number(let number): return try await lookup(number)
        case .local(let hie, let id):
            let (page, coverage) = try await patients(PatientQuery([[.id(hie, id)]], limit: Self.namesakesMax))
            let numbers = Set(page.patients.map(\.patient))
            guard let number = numbers.first else {
                throw Refusal.notFound("no patient is known by this id", coverage, self)
            }
            guard numbers.count == 1 else {
                throw Refusal(
                    .conflict, .multipleMatches, "this id has just moved to another patient: send the NHS number")
            }
            return try await lookup(number)
        }
    }
}

extension Refusal {
    /// 404, with a warning for every HIE that may know more.
    static func notFound(_ diagnostics: String, _ coverage: [SourceCoverage], _ worker: Worker) -> Refusal {
        let error = OperationOutcome.Issue(.error, .notFound, at: "", diagnostics)
        return Refusal(.notFound, OperationOutcome([error] + CoverageWords(worker).warnings(coverage)))
    }
}
