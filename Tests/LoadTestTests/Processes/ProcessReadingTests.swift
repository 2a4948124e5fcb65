import Foundation
import Testing

@testable import LoadTest

@Suite("What processes use")
struct ProcessReadingTests {
    @Test("this process has used time and memory, and is told from another with its number")
    func own() throws {
        let reading = try #require(ProcessReading(pid: getpid()))
        #expect(reading.cpuSeconds > 0 && reading.residentMebibytes > 1)
        let later = try #require(ProcessReading(pid: getpid()))
        #expect(later.isOfSameProcess(as: reading) && later.cpuSeconds >= reading.cpuSeconds)
        #expect(ProcessReading(pid: Int32.max) == nil)
    }

    @Test("a name with spaces and parentheses is read over; a process that ended counts as none")
    func names() throws {
        let fields = "7 7 7 0 -1 4194560 1 2 3 4 250 150 5 6 20 0 8 0 4711 999 512 18446744073709551615"
        let reading = try #require(
            ProcessReading(pid: 7, stat: "7 (a) S (b) S \(fields)\n", io: "rchar: 1\nwrite_bytes: 2097152\n"))
        #expect(reading.startTicks == 4711 && reading.cpuSeconds == 4)
        #expect(reading.writtenMebibytes == 2)
        #expect(ProcessReading(pid: 7, stat: "7 (a) S \(fields)", io: nil)?.writtenMebibytes == nil)
        #expect(ProcessReading(pid: 7, stat: "7 (a) Z \(fields)", io: nil) == nil)
        #expect(ProcessReading(pid: 7, stat: "7 (a) S 1 2", io: nil) == nil)
    }

    @Test("use is counted from the first look; a process that was started again counts from its start")
    func tally() {
        func reading(_ pid: pid_t, _ cpu: Double, _ resident: Double, _ written: Double?) -> ProcessReading {
            ProcessReading(
                pid: pid, startTicks: UInt64(pid) * 10, cpuSeconds: cpu, residentMebibytes: resident,
                writtenMebibytes: written)
        }
        var tally = ProcessTally()
        tally.take("worker barts", reading(1, 10, 50, 100))
        tally.take("generator", reading(9, 1, 20, nil))
        tally.take("worker barts", reading(1, 12, 80, 130))
        tally.take("worker barts", reading(2, 0.5, 40, 4))
        tally.take("worker barts", reading(2, 1.5, 60, 10))
        tally.take("generator", reading(9, 3, 20, nil))
        #expect(
            tally.results == [
                .init(name: "worker barts", cpuSeconds: 3.5, residentMebibytesMax: 80, writtenMebibytes: 40),
                .init(name: "generator", cpuSeconds: 2, residentMebibytesMax: 20, writtenMebibytes: nil),
            ])
    }
}
