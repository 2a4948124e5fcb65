import CareRecord
import GRDB
import Replication

/// What became of one operation on the records.
package enum RecordOutcome: Sendable, Hashable {
    case created(version: Int64)
    case updated(version: Int64)
    /// The same resource was there already.
    case unchanged(version: Int64)
    case deleted
    /// There was nothing to delete.
    case absent
}

/// The records within one write transaction: resources, and through the journal what the indexes learn of them.
struct RecordWriter {
    private let database: Database
    private let now: Timestamp
    private let shares: [Category: Share]
    private(set) var journal: JournalTransaction<JournalFile>
    /// NHS numbers of this HIE's Patient resources by id, as looked up in this transaction.
    private var numbers: [String: NHSNumber?] = [:]
    private let select: PreparedStatement
    private let upsert: PreparedStatement

    init(_ database: Database, shares: [Category: Share], now: Timestamp) throws {
        self.database = database
        self.now = now
        self.shares = shares
        journal = try JournalTransaction(database)
        select = try PreparedStatement(
            database, "SELECT version, isDeleted, body, nhsNumber FROM resource WHERE type = ? AND id = ?")
        upsert = try PreparedStatement(
            database,
            """
            INSERT INTO resource (type, id, version, isDeleted, nhsNumber, patientID, linkedTo, updatedAt, body)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            ON CONFLICT (type, id) DO UPDATE SET version = ?3, isDeleted = ?4, nhsNumber = ?5, patientID = ?6,
                linkedTo = ?7, updatedAt = ?8, body = ?9
            """)
    }

    mutating func put(_ resource: Resource) throws -> RecordOutcome {
        let stored = try stored(resource.key)
        if let stored, !stored.isDeleted, stored.body == resource.body { return .unchanged(version: stored.version) }
        let version = (stored?.version ?? 0) + 1
        if resource.key.type == Self.patientType { numbers[resource.key.id] = .some(resource.nhsNumber) }
        let patient = try number(of: resource)
        try write(resource, version: version, linkedTo: patient)
        try journal.set(resource.key, patient: patient, facts: shared(resource.facts))
        let before = stored.flatMap { $0.isDeleted ? nil : $0.nhsNumber }
        if resource.key.type == Self.patientType, before != resource.nhsNumber {
            try relink(patientID: resource.key.id)
        }
        return stored.map { !$0.isDeleted } ?? false ? .updated(version: version) : .created(version: version)
    }

    mutating func delete(_ key: ResourceKey) throws -> RecordOutcome {
        guard let stored = try stored(key), !stored.isDeleted else { return .absent }
        let update = try PreparedStatement(
            database,
            """
            UPDATE resource SET version = version + 1, isDeleted = 1, nhsNumber = NULL, patientID = NULL,
                linkedTo = NULL, updatedAt = ?, body = x'' WHERE type = ? AND id = ?
            """)
        update.bind(now.milliseconds, at: 1)
        update.bind(key.type, at: 2)
        update.bind(key.id, at: 3)
        try update.run()
        try journal.set(key, patient: nil, facts: nil)
        if key.type == Self.patientType {
            numbers[key.id] = .some(nil)
            if stored.nhsNumber != nil { try relink(patientID: key.id) }
        }
        return .deleted
    }

    /// Brings the entries of these resource types in line with what is shared now.
    mutating func rejournal(types: [String]) throws {
        let page = try PreparedStatement(
            database,
            """
            SELECT id, body FROM resource WHERE type = ?1 AND id > ?2 AND isDeleted = 0
            ORDER BY id LIMIT \(Self.pageResourcesMax)
            """)
        for type in types {
            var after: String? = ""
            while let start = after {
                page.bind(type, at: 1)
                page.bind(start, at: 2)
                var bodies: [[UInt8]] = []
                after = nil
                try page.each { row in
                    after = row.text(0)
                    bodies.append(row.bytes(1))
                    return true
                }
                try rederive(bodies)
            }
        }
    }

    func save() throws { try journal.save(in: database) }

    /// What of the facts the peers may know.
    private func shared(_ facts: Facts?) -> Facts? {
        facts.flatMap { (shares[$0.category] ?? .entry).reduce($0) }
    }

    private static let patientType = "Patient"
    private static let pageResourcesMax = 500

    private struct Stored {
        let version: Int64
        let isDeleted: Bool
        let body: [UInt8]
        let nhsNumber: NHSNumber?
    }

    private func stored(_ key: ResourceKey) throws -> Stored? {
        select.bind(key.type, at: 1)
        select.bind(key.id, at: 2)
        return try select.first { row in
            Stored(
                version: row.int(0), isDeleted: row.int(1) == 1, body: row.bytes(2),
                nhsNumber: row.optionalInt(3).flatMap { NHSNumber(value: $0) })
        }
    }

    private func write(_ resource: Resource, version: Int64, linkedTo: NHSNumber?) throws {
        var ownNumber = resource.nhsNumber
        var patientID: String?
        switch resource.patient {
        case .none: break
        case .patient(let id): patientID = id
        case .identified(let number): ownNumber = number
        }
        upsert.bind(resource.key.type, at: 1)
        upsert.bind(resource.key.id, at: 2)
        upsert.bind(version, at: 3)
        upsert.bind(0, at: 4)
        upsert.bind(ownNumber?.value, at: 5)
        upsert.bind(patientID, at: 6)
        upsert.bind(linkedTo?.value, at: 7)
        upsert.bind(now.milliseconds, at: 8)
        upsert.bind(blob: resource.body, at: 9)
        try upsert.run()
    }

    private mutating func number(of resource: Resource) throws -> NHSNumber? {
        switch resource.patient {
        case .none: nil
        case .identified(let number): number
        case .patient(let id): try number(ofPatient: id)
        }
    }

    private mutating func number(ofPatient id: String) throws -> NHSNumber? {
        if let known = numbers[id] { return known }
        let row = ResourceKey(type: Self.patientType, id: id)
        let number = try row.flatMap { try stored($0) }.flatMap { $0.isDeleted ? nil : $0.nhsNumber }
        numbers[id] = .some(number)
        return number
    }

    /// A Patient's NHS number came, went or changed: everything that belongs to that Patient moves with it.
    private mutating func relink(patientID: String) throws {
        let resources = try PreparedStatement(
            database, "SELECT body FROM resource WHERE patientID = ?1 AND isDeleted = 0")
        resources.bind(patientID, at: 1)
        var bodies: [[UInt8]] = []
        try resources.each { row in
            bodies.append(row.bytes(0))
            return true
        }
        try rederive(bodies)
    }

    private mutating func rederive(_ bodies: [[UInt8]]) throws {
        let link = try PreparedStatement(database, "UPDATE resource SET linkedTo = ? WHERE type = ? AND id = ?")
        for body in bodies {
            guard let resource = try? Resource(body: body) else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            let patient = try number(of: resource)
            link.bind(patient?.value, at: 1)
            link.bind(resource.key.type, at: 2)
            link.bind(resource.key.id, at: 3)
            try link.run()
            try journal.set(resource.key, patient: patient, facts: shared(resource.facts))
        }
    }
}
