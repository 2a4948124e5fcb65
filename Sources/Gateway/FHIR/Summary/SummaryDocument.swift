import CareRecord
import Replication
import Storage
import Worker

/// An International Patient Summary as a FHIR document: composed from what the index holds and from nothing else.
///
/// It says how complete it is in its first section, in words and as an OperationOutcome, and is `preliminary` while
/// anything may be missing.
struct SummaryDocument {
    /// Entries of a section beyond these are counted, not told.
    static let sectionEntriesMax = 500

    private let lookup: Lookup
    private let author: (hie: HIEIdentifier, name: String)
    private let now: Timestamp
    private let patient: SummaryPatient
    private var shortfalls: [OperationOutcome.Issue]
    private var entries: [JSON] = []
    private var sections: [JSON] = []

    init(_ lookup: Lookup, author: (hie: HIEIdentifier, name: String), now: Timestamp, words: CoverageWords) {
        self.lookup = lookup
        self.author = author
        self.now = now
        patient = SummaryPatient(lookup, own: author.hie)
        shortfalls = words.warnings(lookup.coverage)
        let sources = Dictionary(
            lookup.entries.map { ($0.source, patient.urn) }, uniquingKeysWith: { first, _ in first })
        let composer = EntryComposer(lookup.patient, patients: sources)
        for section in SummarySection.all { append(section, composer) }
    }

    /// A Bundle of type document.
    var json: JSON {
        let organization = "urn:uuid:\(UUIDText.random())"
        let outcome = shortfalls.isEmpty ? nil : "urn:uuid:\(UUIDText.random())"
        let composition = composition(author: organization, outcome: outcome)
        let tail = outcome.map { [Self.entry($0, OperationOutcome(shortfalls).json())] } ?? []
        let head = [
            Self.entry("urn:uuid:\(UUIDText.random())", composition), Self.entry(patient.urn, patient.json),
            Self.entry(organization, self.organization),
        ]
        return [
            "resourceType": "Bundle",
            "identifier": ["system": "urn:ietf:rfc:3986", "value": .string("urn:uuid:\(UUIDText.random())")],
            "type": "document", "timestamp": .string(now.text),
            "entry": .array(head + entries + tail),
        ]
    }

    private func composition(author organization: String, outcome: String?) -> JSON {
        [
            "resourceType": "Composition",
            "status": outcome == nil ? "final" : "preliminary",
            "type": [
                "coding": [
                    ["system": .string(SummarySection.loinc), "code": "60591-5", "display": "Patient summary Document"]
                ]
            ],
            "subject": ["reference": .string(patient.urn)],
            "date": .string(now.text),
            "author": [["reference": .string(organization)]],
            "title": "International Patient Summary",
            "section": .array([completeness(outcome)] + sections),
        ]
    }

    private var organization: JSON {
        [
            "resourceType": "Organization",
            "identifier": [EntryComposer.identifier("urn:wherry:hie", author.hie.text)],
            "name": .string(author.name),
        ]
    }

    // MARK: - Sections

    /// How complete the document is, by HIE.
    private func completeness(_ outcome: String?) -> JSON {
        var narrative = Narrative()
        narrative.paragraph(
            outcome == nil
                ? "Composed from the index of \(author.name). Every HIE is complete in it."
                : "This summary may lack what these HIEs hold. It is composed from the index of \(author.name).")
        if outcome != nil { narrative.list(shortfalls.map(\.diagnostics)) }
        if patient.isBornTwice { narrative.paragraph("The HIEs do not agree on the date of birth.") }
        let complete = lookup.coverage.filter { $0.state == .complete }
        if !complete.isEmpty {
            narrative.paragraph("Complete:")
            narrative.list(complete.map { "\($0.hie) as of \($0.asOf?.text ?? now.text)" })
        }
        var section = Self.section(
            "Completeness", ["system": "urn:wherry:section", "code": "completeness"], narrative)
        if let outcome { section["entry"] = [["reference": .string(outcome)]] }
        return .object(section)
    }

    private mutating func append(_ section: SummarySection, _ composer: EntryComposer) {
        let found = lookup.sortedEntries.filter(section.takes)
        guard !found.isEmpty || section.isRequired else { return }
        let shown = found.prefix(Self.sectionEntriesMax)
        var narrative = Narrative()
        if found.isEmpty {
            narrative.paragraph("Nothing is known here. That does not say that there is nothing.")
        } else {
            narrative.table(["What", "Status", "Date", "Source"], shown.map(Self.row))
        }
        if found.count > shown.count {
            let rest = "\(found.count - shown.count) older entries are left out of \(section.title)"
            narrative.paragraph(rest)
            shortfalls.append(
                OperationOutcome.Issue(
                    .warning, .tooCostly, at: "", "\(rest): search \(Self.types(found)) for all of them"))
        }
        var json = Self.section(
            section.title,
            [
                "system": .string(SummarySection.loinc), "code": .string(section.code),
                "display": .string(section.codeDisplay),
            ], narrative)
        if found.isEmpty {
            json["emptyReason"] = [
                "coding": [
                    [
                        "system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": "unavailable",
                        "display": "Unavailable",
                    ]
                ]
            ]
        } else {
            json["entry"] = .array(shown.map { ["reference": .string($0.urn)] })
            entries += shown.map { Self.entry($0.urn, composer.resource($0)) }
        }
        sections.append(.object(json))
    }

    private static func types(_ found: [IndexedEntry]) -> String {
        Set(found.map(\.resource.type)).sorted().joined(separator: ", ")
    }

    private static func row(_ entry: IndexedEntry) -> [String] {
        let facts = entry.facts
        let what = facts.display ?? facts.code ?? "\(entry.resource.type), not told what"
        return [what, facts.status ?? "", facts.date ?? "", entry.source.text]
    }

    private static func section(_ title: String, _ coding: JSON, _ narrative: Narrative) -> JSONObject {
        var section = JSONObject()
        section["title"] = .string(title)
        section["code"] = ["coding": [coding]]
        section["text"] = ["status": "generated", "div": .string(narrative.div)]
        return section
    }

    private static func entry(_ urn: String, _ resource: JSON) -> JSON {
        ["fullUrl": .string(urn), "resource": resource]
    }
}
