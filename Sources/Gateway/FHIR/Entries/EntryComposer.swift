import CareRecord
import Storage
import Worker

/// Makes FHIR R4 resources of index entries: the one place where that is done.
///
/// A resource says what the index holds and no more: it is marked as a subset, names its source, and where FHIR asks
/// for something that the index does not hold, it says that this is absent (Docs/decisions/0009).
struct EntryComposer: Sendable {
    let patient: NHSNumber
    /// The Patient resource that entries of a source refer to besides the NHS number, where there is one.
    private let patients: [HIEIdentifier: String]

    /// Entries refer to these Patients, by source.
    init(_ patient: NHSNumber, patients: [HIEIdentifier: String]) {
        self.patient = patient
        self.patients = patients
    }

    /// Entries refer to their source's Patient as searches here give it, where the source has exactly one.
    init(_ lookup: Lookup) {
        let found = Dictionary(grouping: lookup.entries.filter { $0.resource.type == "Patient" }, by: \.source)
        self.init(
            lookup.patient,
            patients: found.compactMapValues { $0.count == 1 ? "Patient/\($0[0].fhirID)" : nil })
    }

    /// Such as `{"resourceType":"Condition","id":"barts.c1", …}`.
    func resource(_ entry: IndexedEntry) -> JSON {
        var resource = JSONObject()
        resource["resourceType"] = .string(entry.resource.type)
        resource["id"] = .string(entry.fhirID)
        resource["meta"] = Self.meta(entry)
        guard let shape = ResourceShape.byType[entry.resource.type] else {
            write(patient: entry, to: &resource)
            return .object(resource)
        }
        resource["identifier"] = [
            ["system": .string(entry.source.system), "value": .string(entry.resource.reference)]
        ]
        write(status: entry.facts.status, shape.status, to: &resource)
        for name in shape.absent { resource["_" + name] = FHIRText.absent }
        write(code: entry.facts, shape.code, to: &resource)
        if let name = shape.text { resource[name] = FHIRText.string(entry.facts.display) }
        write(patientOf: entry, shape, to: &resource)
        write(date: entry.facts.date, shape.date, to: &resource)
        switch entry.resource.type {
        case "Observation": resource["dataAbsentReason"] = Self.noValue
        case "DocumentReference": resource["content"] = [["attachment": FHIRText.absent]]
        default: break
        }
        return .object(resource)
    }

    static let tagSystem = "urn:wherry:tag"

    private static func meta(_ entry: IndexedEntry) -> JSON {
        [
            "source": .string(entry.source.system),
            "tag": [
                ["system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"],
                ["system": .string(tagSystem), "code": "index-entry"],
            ],
        ]
    }

    private static let noValue: JSON = [
        "coding": [["system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"]],
        "text": "The index holds no values: the source has it",
    ]

    // MARK: - Members

    private func write(status: String?, _ shape: ResourceShape.Status, to resource: inout JSONObject) {
        switch shape {
        case .code(let codes):
            if let status, codes.contains(status) {
                resource["status"] = .string(status)
            } else if codes.contains("unknown") {
                resource["status"] = "unknown"
            } else {
                resource["_status"] = FHIRText.absent
            }
        case .clinical(let codes, let system, let verification, let verificationSystem, let isNeeded):
            func concept(_ code: String, _ system: String) -> JSON {
                ["coding": [["system": .string(system), "code": .string(code)]]]
            }
            if let status, codes.contains(status) {
                resource["clinicalStatus"] = concept(status, system)
            } else if isNeeded, status != "entered-in-error" {
                resource["clinicalStatus"] = FHIRText.absent
            }
            if let status, verification.contains(status) {
                resource["verificationStatus"] = concept(status, verificationSystem)
            }
        }
    }

    private static let classSystem = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    private static let modalitySystem = "http://dicom.nema.org/resources/ontology/DCM"

    private func write(code facts: Facts, _ shape: ResourceShape.Code, to resource: inout JSONObject) {
        switch shape {
        case .concept(let name):
            resource[name] = FHIRText.concept(facts)
        case .neededConcept(let name):
            resource[name] = FHIRText.concept(facts) ?? FHIRText.absent
        case .concepts(let name):
            resource[name] = FHIRText.concept(facts).map { [$0] }
        case .encounter:
            let isClass = facts.system == Self.classSystem
            resource["class"] = (isClass ? FHIRText.coding(facts) : nil) ?? FHIRText.absent
            if !isClass { resource["type"] = FHIRText.concept(facts).map { [$0] } }
        case .imaging where facts.system == Self.modalitySystem:
            resource["modality"] = FHIRText.coding(facts).map { [$0] }
        case .imaging:
            resource["procedureCode"] = FHIRText.concept(facts).map { [$0] }
        }
    }

    private func write(patientOf entry: IndexedEntry, _ shape: ResourceShape, to resource: inout JSONObject) {
        var reference = JSONObject()
        reference["reference"] = patients[entry.source].map(JSON.string)
        reference["type"] = "Patient"
        reference["identifier"] = ["system": .string(NHSNumber.system), "value": .string(patient.text)]
        if let name = shape.patient {
            resource[name] = .object(reference)
        } else {
            resource["participant"] = [["actor": .object(reference), "_status": FHIRText.absent]]
        }
    }

    private func write(date: String?, _ shape: ResourceShape.Date, to resource: inout JSONObject) {
        let kind = date.flatMap { FHIRDate($0) }
        let date = kind == nil ? nil : date.map(JSON.string)
        let instant = kind == .time ? date : nil
        switch shape {
        case .dateTime(let name):
            resource[name] = date
        case .start(let name):
            resource[name] = date.map { ["start": $0] }
        case .instant(let name):
            resource[name] = instant
        case .occurrence:
            resource[date == nil ? "occurrenceString" : "occurrenceDateTime"] = date ?? "unknown"
        case .appointment:
            resource[instant == nil ? "_start" : "start"] = instant ?? FHIRText.absent
            resource["_end"] = FHIRText.absent
        }
        if let date, instant == nil, shape.needsTime {
            resource["extension"] = [["url": .string(Self.dateExtension), "valueDateTime": date]]
        }
    }

    /// The date of an entry whose type has no place for a date without a time.
    static let dateExtension = "urn:wherry:fhir:date"
}

extension ResourceShape.Date {
    fileprivate var needsTime: Bool {
        switch self {
        case .instant, .appointment: true
        case .dateTime, .start, .occurrence: false
        }
    }
}
