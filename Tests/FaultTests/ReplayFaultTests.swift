import AMQP
import CareRecord
import Foundation
import LoadTest
import Replication
import TestSupport
import Testing

extension FaultTests {
    /// Dead letters while something fails: nothing is lost, each takes effect once, and an outage makes none.
    @Suite("of dead letters") struct ReplayFaultTests {
        private static let count: Int64 = 2000
        /// Letters a second: slow enough for what is to happen in between.
        private static let rate = 400
        private static let changesQueue = BrokerNames.changesQueue(Seat(LetterStream.reader))
        private static let deadQueue = BrokerNames.deadQueue(Seat(LetterStream.reader))

        /// Kingston alone, which knows the epoch of the stream by its first change.
        private func startedMesh() async throws -> FaultMesh {
            let mesh = try await FaultMesh()
            try await mesh.broker.keepDeclarations()
            try await mesh.start("kingston")
            try await applyFirst(mesh)
            return mesh
        }

        private func applyFirst(_ mesh: FaultMesh) async throws {
            try await mesh.publish([LetterStream.message(1)])
            let client = try await mesh.client("kingston")
            let isApplied = await eventually {
                (try? await client.metric("wherry_changes_applied_total", source: "homerton")) == 1
            }
            if !isApplied { await mesh.record("the first change is not applied") }
        }

        // MARK: - Killed in the middle of a replay

        @Test(
            "promises P1 and P2: a replay goes on through SIGKILLs of worker and broker; each letter takes effect once")
        func killed() async throws {
            let mesh = try await startedMesh()
            let seqs = 2...Self.count + 1
            // Nothing bad among the first, so that the watermark follows the replay closely while something is killed.
            let bad = Set(seqs.filter { $0 > 1500 && $0 % 12 == 0 })
            let reasons = ["expired", "maxlen", "delivery_limit", "rejected"]
            try await mesh.putAside(
                seqs.map { seq in
                    let flaw: LetterStream.Flaw = seq % 24 == 0 ? .isCut : .wrongCheckDigit
                    let message = LetterStream.message(seq, bad.contains(seq) ? flaw : nil)
                    return LetterStream.dead(message, reasons[Int(seq) % reasons.count])
                })
            try await expectParked(seqs.count, mesh)
            // The source overtakes some of them: those end by themselves.
            let overtaken = Int64(1301)...1320
            let later = Dictionary(uniqueKeysWithValues: overtaken.map { ($0, $0 - overtaken.lowerBound + 10_000) })
            try await mesh.publish(
                overtaken.compactMap { record in
                    later[record].map { LetterStream.message($0, of: record) }
                })
            try await expectParked(seqs.count - later.count, mesh)

            let plan = try await mesh.client("kingston").makePlan()
            #expect(plan.count == seqs.count - later.count)
            _ = try await mesh.client("kingston").replay(plan.plan, rate: Self.rate)
            await expectSettled(300, of: plan.plan, mesh)
            try await restartWorker(mesh)
            await expectSettled(700, of: plan.plan, mesh)
            try await mesh.broker.kill()
            try await mesh.broker.restart()
            await expectSettled(1300, of: plan.plan, mesh)
            try await restartWorker(mesh)
            await expectFinished(plan.plan, mesh)

            let good = seqs.filter { !bad.contains($0) && later[$0] == nil }
            try await expectReport(plan.plan, good: good, bad: bad, mesh)
            let rows = try await mesh.rows(of: "kingston", "index.sqlite", FaultMesh.indexRows(of: "homerton"))
            let expected = Set(([1] + good).map { LetterStream.row($0, $0) } + later.map { LetterStream.row($0, $1) })
            #expect(rows.count == expected.count)
            #expect(Set(rows).symmetricDifference(expected).count == 0)
            let kept = try await mesh.rows(
                of: "kingston", "deadletters.sqlite",
                """
                SELECT count(*), sum(state = 'parked'), sum(coalesce(resolution, '') = 'superseded') FROM letter
                """)
            #expect(kept == ["\(seqs.count) \(bad.count) \(later.count)"])
            for queue in [Self.changesQueue, Self.deadQueue] {
                #expect(try await eventually { try await mesh.messageCount(queue) == 0 }, "\(queue)")
            }
            try await mesh.stop("kingston")
        }

        private func restartWorker(_ mesh: FaultMesh) async throws {
            try await mesh.kill("kingston")
            try await mesh.start("kingston")
        }

        private func expectParked(_ count: Int, _ mesh: FaultMesh) async throws {
            let client = try await mesh.client("kingston")
            let isParked = await eventually(within: 90) { (try? await client.parkedCount()) == count }
            if !isParked {
                await mesh.record("\((try? await client.parkedCount()) ?? -1) letters of \(count) are parked")
            }
        }

        private func expectSettled(_ count: Int, of plan: String, _ mesh: FaultMesh) async {
            let isReached = await eventually(within: 60) {
                (try? await mesh.client("kingston").plan(plan))?.done ?? 0 >= count
            }
            if !isReached { await mesh.record("the replay does not come to letter \(count)") }
        }

        private func expectFinished(_ plan: String, _ mesh: FaultMesh) async {
            let isOver = await eventually(within: 120) {
                (try? await mesh.client("kingston").plan(plan))?.state == "finished"
            }
            if !isOver { await mesh.record("the replay does not end") }
        }

        /// Each letter is in the report once, with what had to become of it, and the totals are those of the letters.
        private func expectReport(_ name: String, good: [Int64], bad: Set<Int64>, _ mesh: FaultMesh) async throws {
            let client = try await mesh.client("kingston")
            let letters = try await client.report(name).letters
            #expect(letters.count == good.count + bad.count)
            #expect(Set(letters.map(\.id)).count == letters.count)
            let verdicts = Dictionary(grouping: letters) { $0.result?.verdict ?? "notAttempted" }
            #expect(Set(verdicts.keys) == ["applied", "failedAgain"])
            #expect(verdicts["applied"]?.compactMap(\.seq).sorted() == good)
            #expect(Set(verdicts["failedAgain"]?.compactMap(\.seq) ?? []) == bad)
            let causes = Set(verdicts["failedAgain"]?.compactMap { $0.result?.cause } ?? [])
            #expect(causes == ["nhs-number-invalid", "undecodable"])
            let totals = WorkerAPI.Plan.Results(
                applied: good.count, duplicate: 0, superseded: 0, failedAgain: bad.count, notAttempted: 0)
            #expect(try await client.plan(name).results == totals)
        }

        // MARK: - A full disk

        @Test(
            "promise P6: with a full disk nothing is parked, applied or acknowledged, and it says so; with room all is",
            .enabled("it takes the right to mount a disk") { await TemporaryDisk.isPossible() })
        func fullDisk() async throws {
            let disk = try await TemporaryDisk(mebibytes: 64)
            let mesh = try await FaultMesh()
            try FileManager.default.createSymbolicLink(
                atPath: mesh.data(of: "kingston"), withDestinationPath: disk.path)
            try await mesh.start("kingston")
            try await applyFirst(mesh)
            try disk.fill()
            // So large that no room which a file has left takes them. Of two changes a message the second is bad.
            let padding = 20_000
            let pairs = (0..<Int64(40)).map { 2 + 2 * $0 }
            try await mesh.publish(
                pairs.map { seq in
                    let body =
                        LetterStream.line(seq) + LetterStream.line(seq + 1, .wrongCheckDigit, padding: padding)
                    return LetterStream.message(after: seq - 1, through: seq + 1, body)
                })
            try await mesh.putAside(
                (1001...1040).map { LetterStream.dead(LetterStream.message($0, padding: padding), "expired") })

            let client = try await mesh.client("kingston")
            let saysSo = try await eventually {
                try await client.readiness().reasons.contains {
                    $0.part == "dead letters" && $0.state == "paused" && $0.reason.contains("disk")
                }
            }
            if !saysSo { await mesh.record("readyz does not name the disk") }
            try await expectNothingTaken(client, mesh)

            try disk.free()
            try await expectParked(80, mesh)
            let causes = try await mesh.rows(
                of: "kingston", "deadletters.sqlite", "SELECT cause, count(*) FROM letter GROUP BY 1 ORDER BY 1")
            #expect(causes == ["expired 40", "nhs-number-invalid 40"])
            let isApplied = await eventually {
                (try? await client.metric("wherry_changes_applied_total", source: "homerton")) == 41
            }
            #expect(isApplied)
            for queue in [Self.changesQueue, Self.deadQueue] {
                #expect(try await eventually { try await mesh.messageCount(queue) == 0 }, "\(queue)")
            }
            let isWell = try await eventually {
                try await !client.readiness().reasons.contains { $0.part == "dead letters" }
            }
            #expect(isWell)
            try await mesh.stop("kingston")
        }

        /// For longer than the store is left alone between two attempts, every look finds everything on the broker.
        private func expectNothingTaken(_ client: WorkerAPI, _ mesh: FaultMesh) async throws {
            let until = ContinuousClock.now + .seconds(6)
            var other: Set<String> = []
            _ = try await eventually {
                let counts = try await [Self.changesQueue, Self.deadQueue].asyncMap { try await mesh.messageCount($0) }
                let parked = try await client.parkedCount()
                let applied = try await client.metric("wherry_changes_applied_total", source: "homerton")
                if counts != [40, 40] || parked != 0 || applied != 1 {
                    other.insert("\(counts) messages, \(parked) parked, \(applied) applied")
                }
                return ContinuousClock.now >= until
            }
            #expect(other == [])
        }

        // MARK: - One change of many

        @Test(
            "promise P6: of 10,000 changes one is damaged: the others are applied, its record named, and a replay heals it"
        )
        func damaged() async throws {
            let mesh = try await FaultMesh()
            try await mesh.start("barts")
            let feed = Feed("barts", pieces: 40, pattern: .fresh)
            try await feed.run { try await mesh.client("barts") }
            let barts = try await mesh.client("barts")
            let isPublished = await eventually(within: 90) {
                (try? await barts.metric("wherry_changes_published_total")) == 10_000
            }
            #expect(isPublished)
            // It must not answer when it is asked for what was damaged on its way.
            try await mesh.stop("barts")
            let line = try await mesh.damageOne(of: 10_000)
            let change = try JSON.parse(Array(line.utf8))

            try await mesh.start("kingston")
            let kingston = try await mesh.client("kingston")
            let isTaken = await eventually(within: 90) {
                (try? await kingston.metric("wherry_changes_applied_total", source: "barts")) == 9999
            }
            if !isTaken { await mesh.record("not all others are applied") }
            let letters = try await kingston.letters()
            #expect(letters.total == 1)
            let letter = try #require(letters.deadLetters.first)
            #expect(letter.form == "change" && letter.cause == "schema" && letter.source == "barts")
            #expect(letter.seq == change["seq"]?.integer && letter.resource == change["resource"]?.text)
            let patient = try #require(change["patient"]?.text)
            let named = try await kingston.lookup(patient).coverage.first { $0.hie == "barts" }
            #expect(named?.held == 1 && named?.heldOfPatient == 1)
            let another = try await kingston.lookup(Feed.sharedPatient).coverage.first { $0.hie == "barts" }
            #expect(another?.held == 1 && another?.heldOfPatient == nil)

            try await heal(letter.id, as: line, mesh)
            #expect(try await kingston.parkedCount() == 0)
            try await mesh.start("barts")
            let isComplete = await eventually(within: 60) {
                let coverage = try? await kingston.lookup(patient).coverage.first { $0.hie == "barts" }
                return coverage?.state == "complete" && coverage?.heldOfPatient == nil
            }
            if !isComplete { await mesh.record("barts is not complete at kingston") }
            let journal = try await mesh.rows(of: "barts", "records.sqlite", FaultMesh.journalRows)
            let index = try await mesh.rows(of: "kingston", "index.sqlite", FaultMesh.indexRows(of: "barts"))
            #expect(index.count == 10_000 && Set(index).symmetricDifference(journal).count == 0)
            for hie in ["barts", "kingston"] { try await mesh.stop(hie) }
        }

        /// With the commands that an operator types.
        private func heal(_ letter: Int64, as line: String, _ mesh: FaultMesh) async throws {
            let url = try await mesh.client("kingston").url
            func deadLetters(_ arguments: String...) async throws -> JSON {
                let output = try await Subprocess.run(
                    WorkerProcess.executable, ["deadletters"] + arguments + ["--from", url, "--json"])
                return try JSON.parse(Array(output.utf8))
            }
            let file = mesh.directory.file("corrected")
            try line.write(toFile: file, atomically: false, encoding: .utf8)
            let edited = try await deadLetters(
                "edit", String(letter), "--body-file", file, "--reason", "damaged on its way", "--operator", "Ann",
                "--yes")
            #expect(edited["foreseen"]?["verdict"]?.text == "apply")
            let plan = try #require(try await deadLetters("plan", "--operator", "Ann")["plan"]?.text)
            let replayed = try await deadLetters(
                "replay", plan, "--reason", "it is corrected", "--operator", "Ann", "--yes")
            #expect(replayed["state"]?.text == "finished" && replayed["results"]?["applied"]?.integer == 1)
        }
    }
}

extension FaultMesh {
    /// Takes the changes of barts that wait for kingston, so many, and sends them again with one line damaged. Returns
    /// that line as it was.
    fileprivate func damageOne(of count: Int) async throws -> String {
        let queue = BrokerNames.changesQueue(Seat(LetterStream.reader))
        var messages = try await withSession { session in
            let consumer = try await session.consume(queue, prefetchMax: 10_000)
            var deliveries: [Delivery] = []
            var lines = 0
            while lines < count {
                let more = try await consumer.next(max: 1000)
                lines += more.reduce(0) { $0 + $1.message.body.count { $0 == UInt8(ascii: "\n") } }
                deliveries += more
            }
            if let last = deliveries.last { try await session.acknowledge(last.tag, isMultiple: true) }
            await consumer.cancel()
            return deliveries.map(\.message)
        }
        let category = #""category":"condition""#
        let middle = messages.count / 2
        var lines = String(decoding: messages[middle].body, as: UTF8.self).split(separator: "\n").map(String.init)
        let place = try #require(lines.firstIndex { $0.contains(category) })
        let line = lines[place]
        lines[place] = line.replacingOccurrences(of: category, with: #""category":"cond""#)
        messages[middle].body = Array((lines.joined(separator: "\n") + "\n").utf8)
        let source = try #require(HIEIdentifier("barts"))
        try await publish(messages, of: source)
        return line
    }
}

extension Array {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
