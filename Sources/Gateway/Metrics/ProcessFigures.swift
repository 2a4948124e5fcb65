import Glibc

/// What the system says about this process (Linux, proc(5)); what cannot be read is left out.
struct ProcessFigures: Sendable {
    let residentBytes: Int64?
    let cpuSeconds: Double
    let openFileCount: Int?

    static let coreCount = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    static func read() -> ProcessFigures {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return ProcessFigures(
            residentBytes: residentBytes(), cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            openFileCount: openFileCount())
    }

    /// The second number of /proc/self/statm, in pages.
    private static func residentBytes() -> Int64? {
        guard let file = fopen("/proc/self/statm", "re") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = fread(&bytes, 1, bytes.count, file)
        let fields = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int64(fields[1]) else { return nil }
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    private static func openFileCount() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        // Less `.`, `..` and the directory that is being read.
        return max(0, count - 3)
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
}
