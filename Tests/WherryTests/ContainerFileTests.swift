import Foundation
import LoadTest
import TestSupport
import Testing

@Suite("The files of the containers")
struct ContainerFileTests {
    @Test("Dockerfiles, compose files, manifests and Prometheus's files pass other people's checks")
    func lint() async throws {
        let text = try await Subprocess.run("\(packageDirectory)/Scripts/containers", ["lint"])
        for judge in ["hadolint: 3 ", "compose-spec and podman-compose config: 2 ", "kubernetes-validate", "promtool"] {
            #expect(text.contains(judge), "\(text)")
        }
    }
}
