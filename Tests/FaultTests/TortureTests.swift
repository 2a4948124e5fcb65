import LoadTest
import TestSupport
import Testing

extension FaultTests {
    @Suite("of everything at once") struct TortureTests {
        @Test("promises P1, P2, P3, P6 and P7: the short form of Scripts/torture finds nothing lost, stale or parked")
        func short() async throws {
            let report = try await Subprocess.run(
                packageDirectory + "/Scripts/torture", ["--short", "--wherry", WorkerProcess.executable])
            print(report)
        }
    }
}
