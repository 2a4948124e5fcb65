import Foundation
import LoadTest
import TestSupport
import Testing

extension FaultTests {
    /// Who is slow or gone costs at most the deadline, is named, and its entries of the index stand in.
    @Suite("of peers that are queried") struct QueryFaultTests {
        private static let deadlineMilliseconds: Int64 = 1000

        /// Every HIE knows the patient, barts with so many large resources that its answer has many pages.
        private func filledMesh() async throws -> FaultMesh {
            let mesh = try await FaultMesh()
            try await mesh.startAll()
            for hie in FaultMesh.hies {
                let feed = Feed(hie, pieces: 1, pattern: .fresh)
                try await feed.run { try await mesh.client(hie) }
            }
            let patient = try #require(await patientID(at: "barts", mesh))
            let text = String(repeating: "x", count: 200_000)
            let large = (0..<30).map { number in
                #"{"resourceType":"Condition","id":"large\#(number)","subject":{"reference":"\#(patient)"},"#
                    + #""note":[{"text":"\#(text)"}]}"#
            }
            try await mesh.client("barts").submit(large.joined(separator: "\n"))
            await mesh.expectQuiescent()
            return mesh
        }

        private func patientID(at hie: String, _ mesh: FaultMesh) async throws -> String? {
            let entries = try await mesh.client(hie).lookup(Feed.sharedPatient).entries
            return entries.first { $0.source == hie && $0.resource.hasPrefix("Patient/") }?.resource
        }

        private func ask(_ mesh: FaultMesh, deadline: String = "1s") async throws -> WorkerAPI.Record {
            try await mesh.client("kingston").record(Feed.sharedPatient, deadline: deadline)
        }

        /// Whether the one has the named state within the deadline, with its entries standing in, and the others their
        /// whole answers.
        private func expect(_ record: WorkerAPI.Record, _ hie: String, in states: Set<String>) {
            let answer = record.answer(hie)
            #expect(states.contains(answer?.state ?? ""), "\(answer?.state ?? "") \(answer?.reason ?? "")")
            #expect(answer?.reason?.isEmpty == false)
            #expect(record.standIns.contains { $0.source == hie } && record.standIns.allSatisfy { $0.source == hie })
            for other in record.answers where other.hie != hie { #expect(other.state == "answered") }
            #expect(!record.complete)
        }

        @Test("promise P5: a peer stopped by SIGSTOP before or in the middle of its answer is named at the deadline")
        func paused() async throws {
            let mesh = try await filledMesh()
            let whole = try await ask(mesh, deadline: "20s")
            #expect(whole.complete && whole.answer("barts")?.state == "answered")
            // In the middle: it begins to answer and is stopped at once.
            async let interrupted = ask(mesh)
            _ = try await eventually { try await mesh.client("barts").metric("wherry_answers_given_total") > 0 }
            await mesh.pause("barts")
            _ = try await interrupted
            let stopped = try await ask(mesh)
            expect(stopped, "barts", in: ["timedOut", "partial"])
            await mesh.resume("barts")
            #expect(try await eventually { try await ask(mesh, deadline: "10s").complete })
            try await expectNothingLeaks(mesh)
            try await mesh.stopAll()
        }

        @Test("promise P5: a peer killed in the middle of its answer is named, and answers again once it is back")
        func killed() async throws {
            let mesh = try await filledMesh()
            async let interrupted = ask(mesh)
            try await mesh.kill("barts")
            let record = try await interrupted
            #expect(["timedOut", "partial", "answered"].contains(record.answer("barts")?.state ?? ""))
            #expect(record.answer("homerton")?.state == "answered")
            let dead = try await ask(mesh)
            expect(dead, "barts", in: ["timedOut", "partial"])
            try await mesh.start("barts")
            #expect(try await eventually { try await ask(mesh, deadline: "10s").complete })
            try await mesh.stopAll()
        }

        @Test("promises P3 and P5: with the broker stopped or gone the own record comes, and the others are named")
        func withoutBroker() async throws {
            let mesh = try await filledMesh()
            #expect(try await ask(mesh, deadline: "20s").complete)
            try mesh.broker.pause()
            let paused = try await ask(mesh)
            try mesh.broker.resume()
            for hie in ["barts", "homerton"] {
                #expect(paused.answer(hie)?.state == "timedOut")
                #expect(paused.answer(hie)?.cause == "broker")
            }
            #expect(paused.answer("kingston")?.state == "answered")
            #expect(try await eventually { try await ask(mesh, deadline: "10s").complete })
            try await mesh.broker.kill()
            let gone = try await eventually {
                let record = try await ask(mesh)
                return ["barts", "homerton"].allSatisfy { hie in
                    record.answer(hie)?.state == "skipped" && record.answer(hie)?.cause == "broker"
                        && record.standIns.contains { $0.source == hie }
                }
            }
            #expect(gone)
            try await mesh.broker.restart()
            #expect(try await eventually(within: 60) { try await ask(mesh, deadline: "10s").complete })
            try await mesh.stopAll()
        }

        /// Two rounds of queries take no more descriptors than one.
        private func expectNothingLeaks(_ mesh: FaultMesh) async throws {
            let client = try await mesh.client("kingston")
            for _ in 0..<20 { _ = try await ask(mesh) }
            let before = try await client.metric("process_open_fds")
            for _ in 0..<20 { _ = try await ask(mesh) }
            #expect(try await eventually { try await client.metric("process_open_fds") <= before + 2 })
        }
    }
}
