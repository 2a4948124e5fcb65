import CareRecord
import Hummingbird
import Replication
import Storage
import Worker

/// `GET /fhir/Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|N`: one Patient for every source that the index
/// knows the patient from, and a warning for every HIE that is not complete.
struct PatientSearch: Sendable {
    let worker: Worker
    let histogram: LatencyHistogram

    /// Parameters that change nothing in what is found.
    private static let harmless: Set<Substring> = ["_format", "_pretty"]

    func get(_ request: Request) async throws -> Response {
        let startedAt = ContinuousClock.now
        defer { histogram.record(ContinuousClock.now - startedAt) }
        let lookup = try await worker.lookup(try Self.number(of: request))
        let patients = lookup.entries.filter { $0.facts.category == .demographics }.sorted { $0.source < $1.source }
        var entries: [JSON] = patients.map { entry in
            ["resource": entry.patient(lookup.patient), "search": ["mode": "match"]]
        }
        if let outcome = Self.outcome(of: lookup.coverage, CoverageWords(worker)) {
            entries.append(["resource": outcome.json(), "search": ["mode": "outcome"]])
        }
        return .fhir([
            "resourceType": "Bundle", "type": "searchset", "total": .number(String(patients.count)),
            "entry": .array(entries),
        ])
    }

    /// `nil` while every HIE is complete.
    private static func outcome(of coverage: [SourceCoverage], _ words: CoverageWords) -> OperationOutcome? {
        let issues = coverage.filter { $0.state != .complete }.map { coverage in
            OperationOutcome.Issue(
                .warning, .incomplete, at: "",
                "\(coverage.hie) is \(coverage.state.word), and may hold more: \(words.reason(coverage) ?? "")")
        }
        return issues.isEmpty ? nil : OperationOutcome(issues)
    }

    private static func number(of request: Request) throws -> NHSNumber {
        let parameters = request.uri.queryParameters
        let others = parameters.map(\.key).filter { $0 != "identifier" && !harmless.contains($0) }
        guard others.isEmpty else {
            let names = others.map { $0.prefix(40) }.joined(separator: ", ")
            throw Refusal(
                .badRequest, .notSupported, "not supported as a search parameter: \(names); search by identifier")
        }
        let tokens = parameters.getAll("identifier")
        guard tokens.count == 1, let token = tokens.first else {
            throw Refusal(.badRequest, .required, "send one identifier=\(NHSNumber.system)|N")
        }
        guard let bar = token.lastIndex(of: "|") else { return try NHSNumber(requested: token) }
        guard token[..<bar] == NHSNumber.system else {
            throw Refusal(
                .badRequest, .notSupported, "patients are found by NHS number only: identifier=\(NHSNumber.system)|N")
        }
        return try NHSNumber(requested: token[token.index(after: bar)...])
    }
}

extension IndexedEntry {
    private static let idLengthMaxCharacters = 64

    /// What the index knows of the patient, as a FHIR Patient that names its source.
    fileprivate func patient(_ number: NHSNumber) -> JSON {
        let id = "\(source).\(resource.id)"
        var patient = JSONObject()
        patient["resourceType"] = "Patient"
        patient["id"] = .string(String(id.prefix(Self.idLengthMaxCharacters)))
        patient["meta"] = ["source": .string("urn:wherry:hie:\(source)")]
        patient["identifier"] = [["system": .string(NHSNumber.system), "value": .string(number.text)]]
        guard let demographics = facts.demographics else { return .object(patient) }
        if demographics.family != nil || !demographics.given.isEmpty {
            var name = JSONObject()
            name["family"] = demographics.family.map(JSON.string)
            if !demographics.given.isEmpty { name["given"] = .array(demographics.given.map(JSON.string)) }
            patient["name"] = [.object(name)]
        }
        patient["gender"] = demographics.gender.map(JSON.string)
        patient["birthDate"] = demographics.birthDate.map(JSON.string)
        switch demographics.deceased {
        case nil: break
        case "true": patient["deceasedBoolean"] = true
        case .some(let date): patient["deceasedDateTime"] = .string(date)
        }
        if let postalCode = demographics.postalCode {
            patient["address"] = [["postalCode": .string(postalCode)]]
        }
        return .object(patient)
    }
}
