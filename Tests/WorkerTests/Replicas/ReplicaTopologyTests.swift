import CareRecord
import Foundation
import TestSupport
import Testing
import Topology
import Worker

/// Replicas that come to the topology file and go from it while workers run.
@Suite("Read replicas of a topology that changes", .fewAtOnce) struct ReplicaTopologyTests {
    private static let members: LiveMesh.Members = [Mesh.barts: .connected, Mesh.kingston: .connected]
    private let one = FHIRFixture.number(1)

    @Test("promise P1: one joins while its primary runs; taken out of the file it goes on, and says what to do")
    func comesAndGoes() async throws {
        let mesh = try await LiveMesh(Self.members)
        let without = try String(contentsOfFile: mesh.file, encoding: .utf8)
        let with = without.replacing("name: barts,", with: "name: barts, replicas: [a],")
        try await mesh.run(Mesh.barts) { primary in
            _ = try await primary[0].submit([FHIRFixture.patient("p", number: one)])
            try mesh.write(text: with)
            try await mesh.declare()
            try await mesh.run(Mesh.barts, replica: ReplicaName("a")) { replica in
                #expect(try await eventually { try await replica[0].entries(of: one).count == 1 })
                // Everything of its own HIE came by a question, which the primary answers that has read the file.
                #expect(replica[0].counters.now.pagesApplied > 0)
                try mesh.write(text: without)
                let refuses = await eventually {
                    replica[0].refusesTopology(saying: "replica a of barts is not in the topology, where barts has no")
                }
                #expect(refuses)
                _ = try await primary[0].submit([FHIRFixture.condition("c", of: "p")])
                #expect(try await eventually { try await replica[0].entries(of: one).count == 2 })
                try mesh.write(text: with)
                #expect(await eventually { !replica[0].isTopologyRefused })
            }
        }
    }
}
