package import CareRecord
import GRDB
package import Replication

extension RecordStore {
    /// What there is of a patient, to be read piece by piece.
    package struct RecordOutline: Sendable, Hashable {
        /// Where each resource stands and its bytes; the newest first.
        let places: [Place]
        /// The Patient resources that have this NHS number.
        package let patientIDs: [String]
        /// Whether there are more than were asked for.
        package let hasMore: Bool

        struct Place: Sendable, Hashable {
            let row: Int64
            let byteCount: Int
        }

        package var count: Int { places.count }
    }

    /// A part of a record, and where the next one begins; `nil` after the last.
    package struct RecordPart: Sendable, Hashable {
        package let resources: [RecordResource]
        package let omitted: Int
        package let next: Int?
    }

    /// Finds the resources that `request` asks for, but none of the categories `withheld`.
    package func outline(
        of request: RecordRequest, withholding withheld: Set<Category> = []
    ) async throws(StorageError) -> RecordOutline {
        try await file.read { database in
            let patients = try PreparedStatement(
                database, "SELECT id FROM resource WHERE linkedTo = ? AND type = 'Patient'")
            patients.bind(request.patient.value, at: 1)
            var ids: [String] = []
            try patients.each { row in
                ids.append(row.text(0) ?? "")
                return true
            }
            let rows = try PreparedStatement(
                database,
                """
                SELECT rowid, type, length(body) FROM resource WHERE linkedTo = ?1 AND updatedAt >= ?2
                ORDER BY updatedAt DESC, rowid DESC
                """)
            rows.bind(request.patient.value, at: 1)
            rows.bind(request.since?.milliseconds ?? .min, at: 2)
            var places: [RecordOutline.Place] = []
            var hasMore = false
            try rows.each { row in
                guard let type = row.text(1), request.covers(type: type, withholding: withheld) else { return true }
                hasMore = places.count == request.limit
                if !hasMore { places.append(RecordOutline.Place(row: row.int(0), byteCount: Int(row.int(2)))) }
                return !hasMore
            }
            return RecordOutline(places: places, patientIDs: ids, hasMore: hasMore)
        }
    }

    /// Reads the part that begins with the resource number `first`: at most `bytesMax` bytes, but at least one
    /// resource; those above `resourceBytesMax` bytes are left out and counted.
    package func part(
        of outline: RecordOutline, of patient: NHSNumber, from first: Int, bytesMax: Int, resourceBytesMax: Int
    ) async throws(StorageError) -> RecordPart {
        var bytes = 0
        var end = first
        var rows: [Int64] = []
        var omitted = 0
        while end < outline.places.count {
            let place = outline.places[end]
            if place.byteCount > resourceBytesMax {
                omitted += 1
            } else {
                guard rows.isEmpty || bytes + place.byteCount <= bytesMax else { break }
                bytes += place.byteCount
                rows.append(place.row)
            }
            end += 1
        }
        let resources = try await resources(rows, of: patient)
        return RecordPart(
            resources: resources, omitted: omitted, next: end < outline.places.count ? end : nil)
    }

    /// Those that are still the patient's.
    private func resources(
        _ rows: [Int64], of patient: NHSNumber
    ) async throws(StorageError) -> [RecordResource] {
        guard !rows.isEmpty else { return [] }
        return try await file.read { database in
            let select = try PreparedStatement(
                database, "SELECT type, id, body FROM resource WHERE rowid = ?1 AND linkedTo = ?2 AND isDeleted = 0")
            var resources: [RecordResource] = []
            resources.reserveCapacity(rows.count)
            for row in rows {
                select.bind(row, at: 1)
                select.bind(patient.value, at: 2)
                let resource = try select.first { row -> RecordResource? in
                    guard let type = row.text(0), let id = row.text(1), let key = ResourceKey(type: type, id: id) else {
                        throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                    }
                    return RecordResource(key: key, body: row.bytes(2))
                }
                if case .some(.some(let resource)) = resource { resources.append(resource) }
            }
            return resources
        }
    }
}

extension RecordRequest {
    fileprivate func covers(type: String, withholding withheld: Set<Category>) -> Bool {
        let category = Category(type: type)
        if let category, withheld.contains(category) { return false }
        guard let categories else { return true }
        return category.map(categories.contains) ?? false
    }
}
