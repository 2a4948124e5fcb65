import AsyncHTTPClient
import CareRecord
import NIOCore
import Replication
import TestSupport
import Testing
import Worker

/// Dead letters of messages that came over a real broker.
@Suite("Dead letters over HTTP")
struct LetterRouteTests {
    @Test("P6: a bad line is a letter, listed in its group, shown whole, and missing from the patient's coverage")
    func listed() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.send(
                [QueryMesh.line(1, "Condition/c1"), QueryMesh.line(2, "Condition/c2", category: nil)], after: 0,
                through: 2)
            let letter = try #require(try await gateway.parked(1).first)
            #expect(letter["cause"]?.text == "schema" && letter["source"]?.text == "homerton")
            #expect(letter["form"]?.text == "change" && letter["seq"]?.integer == 2)
            #expect(letter["patient"]?.text == Samples.number && letter["broker"]?.text == "nel")
            let list = try await gateway.ask(.get, "/api/deadletters?cause=schema&source=homerton&limit=0").json
            #expect(list["deadLetters"] == [] && list["groups"]?.elements?.count == 1 && list["next"] == .null)
            #expect(list["groups"]?.elements?.first?["age"]?.text == "under an hour")
            #expect(try await gateway.ask(.get, "/api/deadletters?cause=expired").json["total"]?.integer == 0)

            let id = letter["id"]?.integer ?? 0
            let view = try await gateway.ask(.get, "/api/deadletters/\(id)").json
            #expect(view["decoded"]?["resource"]?.text == "Condition/c2" && view["original"] == .null)
            #expect(view["message"]?["headers"]?["wherry-through"]?.integer == 2)
            #expect(view["foreseen"]?["verdict"]?.text == "failAgain" && view["index"]?["watermark"]?.integer == 2)
            #expect(view["history"]?.elements?.first?["act"]?.text == "parked")

            let patient = try await gateway.ask(.get, "/api/patients/\(Samples.number)")
            let coverage = patient.json["coverage"]?.elements ?? []
            let homerton = coverage.first { $0["hie"]?.text == "homerton" }
            #expect(homerton?["heldOfPatient"]?.integer == 1 && homerton?["held"]?.integer == 1)
            #expect(coverage.first { $0["hie"]?.text == "kingston" }?["heldOfPatient"] == nil)
            let other = try await gateway.ask(.get, "/api/patients/\(Samples.otherNumber)").json
            #expect(other["coverage"]?.elements?.allSatisfy { $0["heldOfPatient"] == nil } == true)

            let peers = try await gateway.ask(.get, "/api/peers").json
            #expect(peers["deadLetters"]?["parked"]?.integer == 1)
            let account = peers["accounts"]?.elements?.first { $0["hie"]?.text == "homerton" }
            #expect(account?["held"]?.integer == 1 && account?["applied"]?.integer == 1)
            #expect(account?["reconciled"]?.bool == true)
            let metrics = try await gateway.ask(.get, "/metrics").text
            #expect(metrics.contains("wherry_dead_letters{cause=\"schema\"} 1\n"))
            #expect(!metrics.contains(Samples.number))
        }
    }

    @Test("letters are listed page by page, and each comes once")
    func pages() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            let lines = (1...7).map { QueryMesh.line($0, "Condition/c\($0)", category: nil) }
            try await mesh.send(lines, after: 0, through: 7)
            _ = try await gateway.parked(7)
            var (ids, after, pages) = ([Int64](), "0", 0)
            while pages < 10 {
                let page = try await gateway.ask(.get, "/api/deadletters?limit=3&after=\(after)").json
                #expect(page["total"]?.integer == 7)
                ids += page["deadLetters"]?.elements?.compactMap { $0["id"]?.integer } ?? []
                pages += 1
                guard let next = page["next"]?.integer else { break }
                after = String(next)
            }
            #expect(pages == 3 && ids.count == 7 && ids == ids.sorted() && Set(ids).count == 7)
            // A whole page that is the last one has no next.
            #expect(try await gateway.ask(.get, "/api/deadletters?limit=7").json["next"] == .null)
        }
    }

    @Test("discarding takes the number of letters, is undone by restoring, and is written down with who and why")
    func discard() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.send([QueryMesh.line(1, "Condition/c1", category: nil)], after: 0, through: 1)
            let id = try await gateway.parked(1).first?["id"]?.integer ?? 0
            func act(_ verb: String, _ count: Int) async throws -> RunningGateway.Answer {
                try await gateway.act(
                    "/\(verb)",
                    #"{"by":"A. Operator","reason":"nobody's","selection":{"cause":"schema"},"count":\#(count)}"#)
            }
            let refused = try await act("discard", 2)
            #expect(refused.status == 409 && refused.json["error"]?.text == "count")
            #expect(refused.json["detail"]?.text?.contains("1") == true)
            #expect(try await act("discard", 1).json == ["discarded": 1])
            #expect(try await gateway.ask(.get, "/api/deadletters").json["total"]?.integer == 0)
            #expect(try await gateway.ask(.get, "/api/deadletters?state=discarded").json["total"]?.integer == 1)
            #expect(try await act("restore", 1).json == ["restored": 1])
            let history = try await gateway.ask(.get, "/api/deadletters/\(id)").json["history"]?.elements ?? []
            #expect(history.map { $0["act"]?.text } == ["parked", "discarded", "restored"])
            #expect(history[1]["by"]?.text == "A. Operator" && history[1]["detail"]?.text?.contains("nobody's") == true)
        }
    }

    @Test("an export is one letter a line; taken in again its letters are known, elsewhere they are parked")
    func transfer() async throws {
        let mesh = try await QueryMesh()
        let (lines, exported) = AsyncStream.makeStream(of: [UInt8].self)
        try await mesh.serve { gateway async throws in
            let bad = (1...40).map { QueryMesh.line($0, "Condition/c\($0)", category: nil) }
            try await mesh.send(bad, after: 0, through: 40)
            _ = try await gateway.parked(40)
            let answer = try await gateway.ask(.get, "/api/deadletters/export")
            #expect(answer.status == 200 && answer.header("Content-Type") == "application/x-ndjson")
            let count = answer.body.split(separator: UInt8(ascii: "\n")).compactMap { try? JSON.parse($0).object }.count
            #expect(count == 40)
            let again = try await Self.send(answer.body, to: gateway)
            #expect(again == ["imported": 0, "known": 40, "refused": [], "refusedCount": 0])
            exported.yield(answer.body + Array("{broken\n".utf8))
            exported.finish()
        }
        try await RunningGateway.with { gateway async throws in
            for await body in lines {
                let outcome = try await Self.send(body, to: gateway)
                #expect(outcome["imported"]?.integer == 40 && outcome["refusedCount"]?.integer == 1)
                #expect(outcome["refused"]?.elements?.first?["line"]?.integer == 41)
            }
            #expect(try await gateway.ask(.get, "/api/deadletters").json["total"]?.integer == 40)
        }
    }

    private static func send(_ body: [UInt8], to gateway: RunningGateway) async throws -> JSON {
        try await gateway.ask(
            .post, "/api/deadletters/import", type: "application/x-ndjson", headers: [("Wherry-Person", "A. Operator")],
            body: .bytes(ByteBuffer(bytes: body))
        ).json
    }
}
