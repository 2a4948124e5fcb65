import CareRecord
import Gateway
import TestSupport
import Testing
import Worker

@Suite("Records asked of the peers", .serialized) struct RecordTests {
    private static let path = "/api/patients/\(Samples.number)/record"
    private static let requester = [
        ("Wherry-Person", "Dr A. Example"), ("Wherry-Role", "registrar"), ("Wherry-Organisation", "R1H"),
        ("Wherry-Purpose", "direct-care"),
    ]

    @Test("P3, P8: JSON has an answer of every HIE, the resources of each, and who asked is in both ends' trails")
    func json() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.run(QueryMesh.homerton, QueryMesh.kingston) { peers in
                try await gateway.fill(with: peers)
                let answer = try await gateway.ask(.get, Self.path + "?deadline=30s", headers: Self.requester)
                #expect(answer.status == 200 && answer.header("Content-Type") == "application/json")
                #expect(answer.header("Cache-Control") == "no-store")
                let json = answer.json
                #expect(json["nhsNumber"]?.text == Samples.number && json["complete"]?.bool == false)
                #expect((json["durationMs"]?.integer ?? -1) >= 0 && json["standIns"]?.elements == [])
                let states = (json["answers"]?.elements ?? []).map {
                    "\($0["hie"]?.text ?? "") \($0["state"]?.text ?? "")"
                }
                #expect(states == ["barts answered", "homerton answered", "kingston answered", "imperial skipped"])
                let answers = json.answers
                for hie in ["barts", "homerton", "kingston"] {
                    #expect(answers[hie]?["count"]?.integer == 2 && answers[hie]?["asOf"]?.text?.hasSuffix("Z") == true)
                    #expect(answers[hie]?["reason"] == .null && (answers[hie]?["durationMs"]?.integer ?? -1) >= 0)
                }
                #expect(answers["imperial"]?["cause"]?.text == "planned" && answers["imperial"]?["asOf"] == .null)
                let resources = (json["resources"]?.elements ?? []).map {
                    "\($0["source"]?.text ?? "") \($0["resource"]?["resourceType"]?.text ?? "")"
                }
                #expect(Set(resources).count == 6 && resources.contains("kingston Condition"))
                try await expectTrails(mesh)
            }
        }
    }

    /// Who asked, at the one who asks and at the one who is asked; who did not say so is written down as that.
    private func expectTrails(_ mesh: QueryMesh) async throws {
        let own = try await mesh.sqlite(
            QueryMesh.barts, "audit.sqlite",
            "SELECT kind, hie, patient, requester ->> 'person', requester ->> 'purpose', detail FROM event")
        #expect(
            own == "record-asked||\(Samples.number)|Dr A. Example|direct-care|"
                + "everything; asked: barts, homerton, kingston\n"
        )
        let their = try await mesh.sqlite(
            QueryMesh.homerton, "audit.sqlite",
            "SELECT kind, hie, patient, requester ->> 'role', requester ->> 'organisation', detail FROM event")
        #expect(their == "record-read|barts|\(Samples.number)|registrar|R1H|everything\n")
    }

    @Test("P3, P8: of events the index is first, once it is written down who asks; each HIE answers once; done is last")
    func events() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.run(QueryMesh.homerton) { peers in
                try await gateway.fill(with: peers)
                let stream = try await gateway.open(Self.path + "?deadline=5s", accept: "text/event-stream")
                var first: String?
                var trail = ""
                let text = try await stream.text { piece in
                    guard first == nil else { return }
                    first = piece
                    trail = try await mesh.sqlite(QueryMesh.barts, "audit.sqlite", "SELECT kind FROM event")
                }
                #expect(first?.hasPrefix("event: index\n") == true && trail == "record-asked\n")
                #expect(stream.type == "text/event-stream")
                let read = SentEvent.read(text)
                let events = read.compactMap(\.self)
                #expect(read.count == events.count, "a block is not an event")
                #expect(events.first?.name == "index" && events.last?.name == "done")
                #expect(Set(events.dropFirst().dropLast().map(\.name)) == ["resources", "answer"])
                let answered = events.filter { $0.name == "answer" }.compactMap { $0.json["hie"]?.text }
                #expect(answered.sorted() == ["barts", "homerton", "imperial", "kingston"])
                let index = events.first?.json
                #expect(index?["entries"]?.elements?.count == 4 && index?["coverage"]?.elements?.count == 4)
                // The one that was never heard of is asked too: the index may not know what it has.
                #expect(index?["asked"]?.elements == ["barts", "homerton", "kingston"])
                let done = events.last?.json
                #expect(done?["complete"]?.bool == false && done?["answers"]?.elements?.count == 4)
                #expect(done?["standIns"]?.elements == [] && done?["durationMs"]?.integer != nil)
                let came = events.filter { $0.name == "resources" }.flatMap { $0.json["resources"]?.elements ?? [] }
                #expect(came.count == 4 && came.allSatisfy { $0["resourceType"]?.text != nil })
            }
        }
    }

    @Test("P3: a patient nobody knows is held by nobody as of a moment, and nobody is asked")
    func unknownPatient() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.run(QueryMesh.homerton, QueryMesh.kingston) { peers in
                try await gateway.fill(with: peers)
                let answer = try await gateway.ask(.get, "/api/patients/\(Samples.otherNumber)/record")
                #expect(answer.status == 200 && answer.json["resources"]?.elements == [])
                let answers = answer.json.answers
                for hie in ["barts", "homerton", "kingston"] {
                    #expect(answers[hie]?["state"]?.text == "nothingHeld")
                    #expect(answers[hie]?["asOf"]?.text?.hasSuffix("Z") == true && answers[hie]?["count"]?.integer == 0)
                }
                #expect(answers["imperial"]?["state"]?.text == "skipped")
                let read = "SELECT count(*) FROM event"
                #expect(try await mesh.sqlite(QueryMesh.homerton, "audit.sqlite", read) == "0\n")
            }
        }
    }
}
