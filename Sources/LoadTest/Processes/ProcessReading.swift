import Foundation

/// What the operating system counts of a process at one moment (proc(5)).
struct ProcessReading: Sendable, Equatable {
    private static let ticksPerSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
    private static let bytesPerPage = Double(sysconf(Int32(_SC_PAGESIZE)))

    let pid: pid_t
    /// When it started: tells it from a later process with the same number.
    let startTicks: UInt64
    /// In user and kernel mode, all threads together.
    let cpuSeconds: Double
    let residentMebibytes: Double
    /// What it had written to disk; `nil` where the system does not say.
    let writtenMebibytes: Double?

    init(
        pid: pid_t, startTicks: UInt64, cpuSeconds: Double, residentMebibytes: Double, writtenMebibytes: Double?
    ) {
        self.pid = pid
        self.startTicks = startTicks
        self.cpuSeconds = cpuSeconds
        self.residentMebibytes = residentMebibytes
        self.writtenMebibytes = writtenMebibytes
    }

    /// `nil` for a process that does not run.
    init?(pid: pid_t) {
        guard let stat = Self.text("/proc/\(pid)/stat") else { return nil }
        self.init(pid: pid, stat: stat, io: Self.text("/proc/\(pid)/io"))
    }

    init?(pid: pid_t, stat: String, io: String?) {
        // The name in parentheses may hold anything; the fields after it are numbers, the third of the file first.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split { $0 == " " || $0 == "\n" }
        guard fields.count > 21, fields[0] != "Z", let user = Double(fields[11]), let system = Double(fields[12]),
            let start = UInt64(fields[19]), let pages = Double(fields[21])
        else { return nil }
        self.pid = pid
        startTicks = start
        cpuSeconds = (user + system) / Self.ticksPerSecond
        residentMebibytes = pages * Self.bytesPerPage / 1_048_576
        let written = io?.split(separator: "\n").first { $0.hasPrefix("write_bytes: ") }?.split(separator: " ").last
        writtenMebibytes = written.flatMap { Double($0) }.map { $0 / 1_048_576 }
    }

    func isOfSameProcess(as other: ProcessReading) -> Bool {
        pid == other.pid && startTicks == other.startTicks
    }

    /// Files of `/proc` are written by the kernel as they are read; no disk is waited for.
    private static func text(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        return (try? file.readToEnd()).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) }
    }
}
