import CareRecord
import Foundation
import TestSupport
import Testing

@testable import wherry

/// `wherry deadletters replay` and `resume` against a server with canned answers.
@Suite("Replaying from the command line") struct ReplayVerbTests {
    private typealias Answer = CannedWorker.Answer

    private static let path = "/api/deadletters/plans/12-3f9ab2c4"
    private static let start = "POST \(path)/replay"

    private static func answer(_ json: JSON, _ status: Int = 200) -> Answer { Answer(json.compactText, status: status) }

    /// A plan that is in these states, one a look, and starts between the first and the second.
    private static func worker(_ plans: [JSON?]) throws -> CannedWorker {
        try CannedWorker { request, earlier in
            switch request.line {
            case "GET \(path)":
                guard let plan = plans[min(earlier, plans.count - 1)] else { return nil }
                return answer(plan)
            case start, "POST \(path)/resume": return answer(LetterSamples.plan("running"), 202)
            default: return Answer(#"{"error":"notFound","detail":"no"}"#, status: 404)
            }
        }
    }

    private static func run(_ worker: CannedWorker, _ arguments: String...) async throws -> WherryProcess.Result {
        try await WherryProcess(
            ["deadletters"] + arguments + ["--from", worker.url], environment: ["USER": "ada"]
        ).result()
    }

    @Test("replay starts a plan as it is told, follows it, and ends with 0 when nothing failed again")
    func finished() async throws {
        let worker = try Self.worker([
            LetterSamples.plan("planned"), LetterSamples.plan("running", applied: 10),
            LetterSamples.plan("running", applied: 700), LetterSamples.plan("finished", applied: 1204),
        ])
        let result = try await Self.run(
            worker, "replay", "12-3f9ab2c4", "--reason", "disk replaced", "--canary", "10", "--rate", "50/s",
            "--stop-on-failures", "3")
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
        #expect(result.output.hasPrefix("plan\t12-3f9ab2c4\tfinished\t1204\t\nresult\t1204\t1200\tapplied\n"))
        #expect(
            worker.request(Self.start)?.json == [
                "by": "ada", "reason": "disk replaced", "to": "subscriber", "canary": 10, "rate": 50,
                "stopOnFailures": 3,
            ])
        #expect(worker.lines.filter { $0 == "GET \(Self.path)" }.count == 4)
    }

    @Test(
        "whatever else it ends with is status 1, with what to type next",
        arguments: [
            ("finished", 1203, 1, "report"), ("stopped", 3, 5, "resume"), ("paused", 3, 0, "resume"),
            ("cancelled", 3, 0, "report"),
        ])
    func unfinished(_ state: String, _ applied: Int, _ failed: Int, _ verb: String) async throws {
        let worker = try Self.worker([
            LetterSamples.plan("planned"),
            LetterSamples.plan(state, applied: applied, failed: failed, reason: "5 failed again"),
        ])
        let result = try await Self.run(worker, "replay", "12-3f9ab2c4", "--reason", "r", "--local")
        #expect(result.status == 1 && result.output.contains("plan\t12-3f9ab2c4\t\(state)\t1204\t5 failed again\n"))
        #expect(result.output.contains("next\twherry deadletters \(verb) 12-3f9ab2c4 --from \(worker.url)"))
        #expect(worker.request(Self.start)?.json["to"] == "local")
    }

    @Test("a worker that restarts in the middle is waited for, which is said once") func restart() async throws {
        let worker = try Self.worker([
            LetterSamples.plan("planned"), LetterSamples.plan("running", applied: 10), nil, nil,
            LetterSamples.plan("running", applied: 20), LetterSamples.plan("finished", applied: 1204),
        ])
        let result = try await Self.run(worker, "replay", "12-3f9ab2c4", "--reason", "r", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.components(separatedBy: "waiting for up to 60 s").count == 2)
        #expect(try JSON.parse(Array(result.output.utf8))["state"] == "finished")
    }

    @Test("a plan that runs already is followed, and one that has finished is shown") func running() async throws {
        let worker = try Self.worker([
            LetterSamples.plan("running", applied: 1), LetterSamples.plan("finished", applied: 1204),
        ])
        for word in ["runs already", "was replayed before"] {
            let result = try await Self.run(worker, "replay", "12-3f9ab2c4")
            #expect(result.status == 0 && result.errors.contains(word), "\(result.errors)")
        }
        #expect(worker.request(Self.start) == nil)
    }

    @Test("a plan is started only with a reason") func reason() async throws {
        let worker = try Self.worker([LetterSamples.plan("planned")])
        let result = try await Self.run(worker, "replay", "12-3f9ab2c4")
        #expect(result.status == 2 && result.errors.contains("--reason") && worker.request(Self.start) == nil)
    }

    @Test("to everybody has to be said a second time, with the number of letters") func everybody() async throws {
        let worker = try Self.worker([LetterSamples.plan("planned")])
        let arguments = ["replay", "12-3f9ab2c4", "--reason", "r", "--to-everybody", "--detach"]
        let silent = try await WherryProcess(
            ["deadletters"] + arguments + ["--from", worker.url], environment: ["USER": "ada"]
        ).result()
        #expect(silent.status == 2 && silent.errors.contains("--yes") && worker.request(Self.start) == nil)
        for (typed, status) in [("1203", 2), ("1204", 0)] as [(String, Int32)] {
            let result = try await WherryProcess(
                onTerminal: 120, 24, ["deadletters"] + arguments + ["--from", worker.url], input: "\(typed)\n",
                environment: ["USER": "ada"]
            ).result()
            #expect(result.status == status, "\(result.output)")
            #expect(result.output.contains("type 1204 to replay 1204 letters to everybody who subscribes:"))
            #expect((worker.request(Self.start) != nil) == (status == 0))
        }
        #expect(worker.request(Self.start)?.json["to"] == "everybody")
        #expect(worker.request(Self.start)?.json["confirm"] == 1204)
        let given = try await Self.run(
            worker, "replay", "12-3f9ab2c4", "--reason", "r", "--to-everybody", "--yes", "--detach")
        #expect(given.status == 0 && worker.lines.count { $0 == Self.start } == 2)
    }

    @Test("on a terminal a bar shows how far it is, and is taken away at the end") func bar() async throws {
        let order: JSON = ["to": "subscriber", "by": "ada", "reason": "r", "canary": 10]
        let worker = try Self.worker([
            LetterSamples.plan("planned"), LetterSamples.plan("running", applied: 5, order: order),
            LetterSamples.plan("finished", applied: 1204, order: order),
        ])
        let named = try await WherryProcess(
            onTerminal: 110, 24, ["deadletters", "replay", "12-3f9ab2c4", "--reason", "r", "--from", worker.url],
            environment: ["USER": "ada"]
        ).result()
        #expect(named.status == 0, "\(named.output)")
        #expect(named.output.contains("5 letters of 1204 letters") && named.output.contains("canary: the first 10"))
        let lines = named.output.components(separatedBy: "\r").filter { $0.contains("░") }
        #expect(!lines.isEmpty && lines.allSatisfy { $0.replacing("\u{1B}[K", with: "").count < 110 })
        let end = named.output.components(separatedBy: "\r\u{1B}[K").last ?? ""
        #expect(end.contains("Finished: nothing was refused again.") && !end.contains("█"))
    }

    @Test("Ctrl-C ends the looking, says how to pause, and sends nothing") func interrupted() async throws {
        let worker = try Self.worker([LetterSamples.plan("planned"), LetterSamples.plan("running", applied: 5)])
        let process = try WherryProcess(
            ["deadletters", "replay", "12-3f9ab2c4", "--reason", "r", "--from", worker.url],
            environment: ["USER": "ada"])
        #expect(await eventually { worker.lines.count { $0 == "GET \(Self.path)" } > 4 })
        process.signal(SIGINT)
        let result = try await process.result()
        #expect(result.status == 130 && result.output.isEmpty)
        #expect(result.errors.contains("plan 12-3f9ab2c4 goes on at the worker"))
        #expect(result.errors.contains("wherry deadletters pause 12-3f9ab2c4 --from \(worker.url)"))
        #expect(worker.lines.filter { $0.hasPrefix("POST") } == [Self.start])
    }

    @Test("resume goes on and follows; --detach does not wait") func resume() async throws {
        let worker = try Self.worker([LetterSamples.plan("finished", applied: 1203, failed: 1)])
        let result = try await Self.run(worker, "resume", "12-3f9ab2c4", "--reason", "disk freed")
        #expect(result.status == 1 && result.output.contains("result\t1\t2\tfailed again"))
        #expect(worker.request("POST \(Self.path)/resume")?.json == ["by": "ada", "reason": "disk freed"])
        let detached = try await Self.run(worker, "resume", "12-3f9ab2c4", "--detach")
        #expect(detached.status == 0 && detached.output.contains("\trunning\t"))
        #expect(worker.lines.count { $0 == "GET \(Self.path)" } == 1)
    }
}
