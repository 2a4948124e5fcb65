/// What processes used since they were first seen; of one that was started again all its runs are added up.
struct ProcessTally: Sendable {
    private struct Entry: Sendable {
        /// Where the present run is counted from; `nil` for one that began while it was watched, which counts whole.
        var from: ProcessReading?
        var latest: ProcessReading
        var cpuSecondsBefore = 0.0
        var writtenMebibytesBefore = 0.0
        var residentMebibytesMax: Double

        var cpuSeconds: Double { cpuSecondsBefore + latest.cpuSeconds - (from?.cpuSeconds ?? 0) }
        var writtenMebibytes: Double? {
            guard let written = latest.writtenMebibytes else { return nil }
            return writtenMebibytesBefore + written - (from?.writtenMebibytes ?? 0)
        }
    }

    private var entries: [String: Entry] = [:]
    private var order: [String] = []

    mutating func take(_ name: String, _ reading: ProcessReading) {
        guard var entry = entries[name] else {
            entries[name] = Entry(from: reading, latest: reading, residentMebibytesMax: reading.residentMebibytes)
            order.append(name)
            return
        }
        if !entry.latest.isOfSameProcess(as: reading) {
            entry.cpuSecondsBefore = entry.cpuSeconds
            entry.writtenMebibytesBefore = entry.writtenMebibytes ?? entry.writtenMebibytesBefore
            entry.from = nil
        }
        entry.latest = reading
        entry.residentMebibytesMax = max(entry.residentMebibytesMax, reading.residentMebibytes)
        entries[name] = entry
    }

    /// In the order in which they were first seen.
    var results: [LoadResult.ProcessResult] {
        order.compactMap { name in
            entries[name].map { entry in
                LoadResult.ProcessResult(
                    name: name, cpuSeconds: entry.cpuSeconds, residentMebibytesMax: entry.residentMebibytesMax,
                    writtenMebibytes: entry.writtenMebibytes)
            }
        }
    }
}
