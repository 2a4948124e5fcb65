import AsyncHTTPClient
import CareRecord
import NIOCore
import Replication
import TestSupport
import Testing
import Worker

/// Replays of letters that came over a real broker.
@Suite("Replays over HTTP")
struct PlanRouteTests {
    private static let by = #""by":"A. Operator","reason":"the mapping was repaired""#

    @Test(
        "P2: a letter that is edited, planned and replayed is in the index once, and the report proves it",
        arguments: ["local", "subscriber"])
    func replayed(to target: String) async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            try await mesh.send(
                [QueryMesh.line(1, "Condition/c1"), QueryMesh.line(2, "Condition/c2", category: nil)], after: 0,
                through: 2)
            let id = try await gateway.parked(1).first?["id"]?.integer ?? 0
            let repaired = JSON.string(QueryMesh.line(2, "Condition/c2")).serialized()
            let edit = try await gateway.act(
                "/\(id)/edit", "{\(Self.by),\"body\":\(String(decoding: repaired, as: UTF8.self))}")
            #expect(edit.status == 200 && edit.json["foreseen"]?["verdict"]?.text == "apply", "\(edit.text)")
            let diff = edit.json["diff"]?.elements?.compactMap(\.text) ?? []
            #expect(diff.contains("+category: \"condition\"") && !diff.contains { $0.hasPrefix("-") })
            #expect(edit.json["letter"]?["edited"]?.bool == true)

            let planned = try await gateway.act("/plans", #"{"by":"A. Operator","selection":{"id":[\#(id)]}}"#)
            #expect(planned.status == 201 && planned.json["state"]?.text == "planned", "\(planned.text)")
            let plan = try #require(planned.json["plan"]?.text)
            #expect(planned.header("Location") == "/api/deadletters/plans/\(plan)")
            #expect(planned.json["foreseen"]?["apply"]?.integer == 1 && planned.json["count"]?.integer == 1)
            let started = try await gateway.act(
                "/plans/\(plan)/replay", "{\(Self.by),\"to\":\"\(target)\",\"canary\":1}")
            #expect(started.status == 202, "\(started.text)")
            let over = try await gateway.over(plan)
            #expect(over["state"]?.text == "finished" && over["results"]?["applied"]?.integer == 1)
            #expect(over["order"]?["by"]?.text == "A. Operator" && over["order"]?["to"]?.text == target)
            let letters = try await gateway.ask(.get, "/api/deadletters/plans/\(plan)/letters").json
            #expect(letters["letters"]?.elements?.first?["result"]?["verdict"]?.text == "applied")
            #expect(letters["next"] == .null)

            let lookup = try await gateway.ask(.get, "/api/patients/\(Samples.number)").json
            #expect(Set(lookup["entries"]?.elements?.compactMap { $0["resource"]?.text } ?? []).count == 2)
            #expect(lookup["coverage"]?.elements?.allSatisfy { $0["heldOfPatient"] == nil } == true)
            let view = try await gateway.ask(.get, "/api/deadletters/\(id)").json
            #expect(view["state"]?.text == "resolved" && view["resolution"]?.text == "applied")
            try await Self.checkReports(gateway, plan)
        }
    }

    private static func checkReports(_ gateway: RunningGateway, _ plan: String) async throws {
        let path = "/api/deadletters/plans/\(plan)/report"
        let json = try await gateway.ask(.get, path)
        #expect(json.json["totals"]?["results"]?["applied"]?.integer == 1)
        #expect(json.json["letters"]?.elements?.first?["result"]?["verdict"]?.text == "applied")
        let text = try await gateway.ask(.get, path + "?format=text")
        #expect(text.header("Content-Type") == "text/plain; charset=utf-8")
        #expect(text.text.contains("the mapping was repaired") && text.text.hasSuffix("1 letter.\n"))
        let html = try await gateway.ask(.get, path + "?format=html")
        #expect(html.header("Content-Type") == "text/html; charset=utf-8")
        #expect(html.header("Content-Security-Policy")?.contains("default-src 'none'") == true)
        #expect(html.text.hasSuffix("</html>\n"))
        for answer in [json, text, html] { #expect(answer.status == 200 && !answer.text.contains(Samples.number)) }
    }

    @Test("a plan of nothing, a wrong hash and an unconfirmed replay to everybody are conflicts, and do nothing")
    func conflicts() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            let empty = try await gateway.act("/plans", #"{"by":"A. Operator","selection":{"cause":"expired"}}"#)
            #expect(empty.status == 409)
            let lines = (1...3).map { QueryMesh.line($0, "Condition/c\($0)", category: nil) }
            try await mesh.send(lines, after: 0, through: 3)
            _ = try await gateway.parked(3)
            let planned = try await gateway.act("/plans", #"{"by":"A. Operator","selection":{}}"#).json
            let (plan, id) = (planned["plan"]?.text ?? "", planned["id"]?.integer ?? 0)
            #expect(planned["selection"]?.text == "all that is parked")
            #expect(planned["foreseen"]?["failAgain"]?.integer == 3)
            let wrong = try await gateway.ask(.get, "/api/deadletters/plans/\(id)-00000000")
            #expect(wrong.status == 409 && wrong.json["error"]?.text == "changed")
            for confirm in ["", ",\"confirm\":2"] {
                let answer = try await gateway.act(
                    "/plans/\(plan)/replay", "{\(Self.by),\"to\":\"everybody\"\(confirm)}")
                #expect(answer.status == 409 && answer.json["error"]?.text == "count")
            }
            #expect(try await gateway.ask(.get, "/api/deadletters/plans/\(id)").json["state"]?.text == "planned")
            let paused = try await gateway.act("/plans/\(plan)/pause", "{\(Self.by)}")
            #expect(paused.status == 409)
        }
    }

    @Test("a replay stops after as many failures as were allowed, and is cancelled with a reason that is reported")
    func stops() async throws {
        let mesh = try await QueryMesh()
        try await mesh.serve { gateway async throws in
            let lines = (1...5).map { QueryMesh.line($0, "Condition/c\($0)", category: nil) }
            try await mesh.send(lines, after: 0, through: 5)
            _ = try await gateway.parked(5)
            let plan = try await gateway.act("/plans", #"{"by":"A. Operator","selection":{}}"#).json["plan"]?.text ?? ""
            _ = try await gateway.act(
                "/plans/\(plan)/replay", "{\(Self.by),\"to\":\"local\",\"canary\":1,\"stopOnFailures\":1}")
            let stopped = try await gateway.over(plan)
            #expect(stopped["state"]?.text == "stopped" && stopped["endReason"]?.text?.isEmpty == false)
            #expect((stopped["results"]?["failedAgain"]?.integer ?? 0) >= 1)
            #expect((stopped["results"]?["notAttempted"]?.integer ?? 0) >= 1)
            let metrics = try await gateway.ask(.get, "/metrics").text
            #expect(metrics.contains("wherry_replay_plans{state=\"stopped\"} 1\n"))
            let cancelled = try await gateway.act("/plans/\(plan)/cancel", "{\(Self.by)}").json
            #expect(cancelled["state"]?.text == "cancelled")
            let text = try await gateway.ask(.get, "/api/deadletters/plans/\(plan)/report?format=text").text
            #expect(text.contains("not attempted") && text.contains("failed again") && text.contains("cancelled"))
            #expect(try await gateway.ask(.get, "/api/deadletters").json["total"]?.integer == 5)
            let plans = try await gateway.ask(.get, "/api/deadletters/plans?limit=1").json
            #expect(plans["plans"]?.elements?.map { $0["plan"]?.text } == [plan])
        }
    }
}
