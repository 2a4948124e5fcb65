import CareRecord
import GRDBSQLite
import Storage

extension Baselines {
    /// Patients that are asked about.
    private static let patientsMax = 20_000
    /// Reads of one kind before the other has its turn, so that both see the same machine.
    private static let turnReads = 200

    /// Lookups/s of random patients of `index.sqlite` in process: by the index, one after the other, and by a prepared
    /// SELECT of SQLite alone that reads every column of the same rows.
    package static func reads(directory: String, seconds: Double) async throws -> (index: Double, bare: Double) {
        let patients = try patients(in: "\(directory)/index.sqlite")
        let times = try await readTimes(directory: directory, patients, seconds: seconds)
        return (rate(times.index), rate(times.bare))
    }

    /// How long each read took, in seconds. Stops after `seconds` for both together.
    static func readTimes(
        directory: String, _ patients: [NHSNumber], seconds: Double
    ) async throws -> (index: [Double], bare: [Double]) {
        guard !patients.isEmpty else { throw LoadTestError(.file, "\(directory): the index is empty") }
        let index = try IndexStore(path: "\(directory)/index.sqlite")
        let reader = try BareReader(try BareDatabase(reading: "\(directory)/index.sqlite"))
        var times: (index: [Double], bare: [Double]) = ([], [])
        let end = ContinuousClock.now + .seconds(seconds)
        var place = 0
        repeat {
            let turn = (place..<place + turnReads).map { patients[$0 % patients.count] }
            place += turnReads
            var rows = 0
            for patient in turn {
                times.index.append(try await Self.seconds { rows += try await read(patient, of: index) })
            }
            for patient in turn {
                times.bare.append(try Self.seconds { rows -= try reader.read(patient).rows })
            }
            guard rows == 0 else { throw LoadTestError(.file, "\(directory): the two read different rows") }
        } while ContinuousClock.now < end
        try index.close()
        return times
    }

    /// As a lookup reads: every text of every row on the calling thread, or entries where that cannot be. Returns the
    /// number of rows.
    private static func read(_ patient: NHSNumber, of index: IndexStore) async throws -> Int {
        var (rows, bytes) = (0, 0)
        let isRead = index.rows(of: patient) { row in
            rows += 1
            bytes += row.type.count + row.id.count
            for column in EntryRow.Column.allCases { bytes += row.bytes(column)?.count ?? 0 }
            return row.seq > 0
        }
        if isRead, rows == 0 || bytes > 0 { return rows }
        return try await index.entries(of: patient).count
    }

    private static func rate(_ times: [Double]) -> Double {
        let sum = times.reduce(0, +)
        return sum > 0 ? Double(times.count) / sum : 0
    }

    /// Patients from all over the index.
    private static func patients(in path: String) throws -> [NHSNumber] {
        let database = try BareDatabase(reading: path)
        let ends = try database.prepare("SELECT min(patient), max(patient) FROM entry")
        guard try ends.step(), sqlite3_column_type(ends.pointer, 0) == SQLITE_INTEGER else { return [] }
        let range = Int(sqlite3_column_int64(ends.pointer, 0))...Int(sqlite3_column_int64(ends.pointer, 1))
        let next = try database.prepare("SELECT patient FROM entry WHERE patient >= ? ORDER BY patient LIMIT 1")
        var random = SplitMix64(seed: 1)
        var patients: [NHSNumber] = []
        for _ in 0..<patientsMax {
            next.reset()
            sqlite3_bind_int64(next.pointer, 1, Int64(random.within(range)))
            guard try next.step() else { continue }
            if let number = NHSNumber(value: sqlite3_column_int64(next.pointer, 0)) { patients.append(number) }
        }
        return patients
    }
}
