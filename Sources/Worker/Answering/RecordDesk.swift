import CareRecord
import Replication
import Storage
import Topology

/// Reads a patient's own record page by page, for this HIE's own queries, its replicas' and its peers'.
struct RecordDesk: Sendable {
    let records: RecordStore
    let topology: TopologyBoard
    let trail: AccessTrail
    let pageBytesMax: Int
    let resourceBytesMax: Int

    /// For a peer, or a replica of this HIE: that it reads is written down before anything is sent.
    func begin(_ request: RecordRequest, from asker: HIEIdentifier) async throws(StorageError) -> RecordReading {
        try await trail.note(
            AccessEvent(
                .recordRead, hie: asker, patient: request.patient, requester: request.requester,
                detail: request.extent))
        // What is shared with nobody is not sent to anybody else. The answer goes to the asker's own address, which
        // somebody who only says to be the asker cannot read.
        let own = topology.present.own
        let withheld = asker == own.id ? [] : own.shares.filter { $0.value == .nothing }.map(\.key)
        return try await begin(request, withholding: Set(withheld))
    }

    /// For this HIE itself.
    func begin(
        _ request: RecordRequest, withholding withheld: Set<Category> = []
    ) async throws(StorageError) -> RecordReading {
        RecordReading(
            records: records, patient: request.patient,
            outline: try await records.outline(of: request, withholding: withheld), pageBytesMax: pageBytesMax,
            resourceBytesMax: resourceBytesMax)
    }
}

/// A record that is being read: page after page, so that only one of them is in memory.
struct RecordReading: Sendable {
    let records: RecordStore
    let patient: NHSNumber
    let outline: RecordStore.RecordOutline
    let pageBytesMax: Int
    let resourceBytesMax: Int
    private var first: Int? = 0
    private var number = 0

    init(
        records: RecordStore, patient: NHSNumber, outline: RecordStore.RecordOutline, pageBytesMax: Int,
        resourceBytesMax: Int
    ) {
        self.records = records
        self.patient = patient
        self.outline = outline
        self.pageBytesMax = pageBytesMax
        self.resourceBytesMax = resourceBytesMax
    }

    /// `nil` after the last one. A record of nothing has one page.
    mutating func next() async throws(StorageError) -> RecordPage? {
        guard let start = first else { return nil }
        let part = try await records.part(
            of: outline, of: patient, from: start, bytesMax: pageBytesMax, resourceBytesMax: resourceBytesMax)
        defer {
            first = part.next
            number += 1
        }
        return RecordPage(
            patient: patient, number: number, isLast: part.next == nil, patientIDs: outline.patientIDs,
            resources: part.resources, omitted: part.omitted, hasMore: part.next == nil && outline.hasMore)
    }
}

extension RecordRequest {
    /// What is asked for, without the patient: `allergy, medication since 2026-01-01T00:00:00.000Z`.
    var extent: String {
        let wanted = categories.map { categories in
            Category.allCases.filter(categories.contains).map(\.rawValue).joined(separator: ", ")
        }
        return (wanted ?? "everything") + (since.map { " since \($0.text)" } ?? "")
    }
}
