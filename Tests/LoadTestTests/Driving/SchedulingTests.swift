import CareRecord
import Testing

@testable import LoadTest

@Suite("Open loop")
struct OpenLoopTests {
    @Test("every event is told once, at its time, whatever came between", arguments: 1...10)
    func complete(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let rate = Double(1 + random.below(5_000))
        var loop = OpenLoop(perSecond: rate, start: 1_000, seconds: 3)
        #expect(loop.count == Int(rate * 3))
        var (now, told) = (UInt64(0), 0)
        while let next = loop.nextAt {
            now = max(now, random.chance(percent: 70) ? next : now + UInt64(random.below(900_000_000)))
            let due = loop.due(at: now)
            #expect(due.lowerBound == told)
            #expect(due.allSatisfy { loop.intendedAt($0) <= now })
            told = due.upperBound
            if let next = loop.nextAt, due.count < OpenLoop.dueMax { #expect(next > now) }
        }
        #expect(told == loop.count && loop.due(at: .max).isEmpty)
        let last = Double(loop.intendedAt(loop.count - 1) - 1_000) / 1e9
        #expect(last < 3 && last > 3 - 2 / rate)
    }

    @Test("nothing is due before its time")
    func early() {
        var loop = OpenLoop(perSecond: 10, start: 5_000_000_000, seconds: 1)
        #expect(loop.due(at: 4_999_999_999).isEmpty && loop.due(at: 5_000_000_000) == 0..<1)
        #expect(loop.due(at: 5_199_999_999) == 1..<2 && loop.nextAt == 5_200_000_000)
    }
}

@Suite("Line of changes")
struct SourceLineTests {
    private var ledger = Ledger(sources: 1)
    private var line: SourceLine

    init() throws {
        let population = Population(seed: 2, patients: 30)
        let stream = try #require(
            ChangeStream(of: population, at: population.hies[0], createPercent: 20, restChanges: 8))
        line = SourceLine(stream, batchSize: 4)
    }

    private mutating func next() -> SourceLine.Batch? { line.next(&ledger, source: 0) }

    private mutating func settle(_ batch: SourceLine.Batch) {
        line.ended()
        for change in batch.changes { ledger.settle(change, source: 0, as: .acknowledged) }
    }

    @Test("batches go in the order of their times, so many at once, and are never dropped")
    mutating func order() {
        for moment in 0..<200 { line.want(at: UInt64(moment)) }
        var underWay: [SourceLine.Batch] = []
        var times: [UInt64] = []
        var random = SplitMix64(seed: 4)
        while !line.isDone {
            while let batch = next() {
                times.append(batch.intendedAt)
                underWay.append(batch)
            }
            #expect(underWay.count <= SourceLine.underWayMax && !underWay.isEmpty)
            settle(underWay.remove(at: random.below(underWay.count)))
        }
        #expect(times == (0..<200).map(UInt64.init) && ledger.acknowledged == 800)
    }

    @Test("what piled up during a stop is nobody's lateness, until it has all been sent")
    mutating func catchingUp() {
        for moment in 0..<20 { line.want(at: UInt64(moment)) }
        #expect(line.lateCount == 20)
        line.goesOn()
        line.want(at: 20)
        #expect(line.lateCount == 0 && line.waitingCount == 21)
        while !line.isDone {
            var underWay: [SourceLine.Batch] = []
            while let batch = next() { underWay.append(batch) }
            for batch in underWay { settle(batch) }
        }
        line.want(at: 21)
        #expect(line.lateCount == 1)
    }

    @Test("two changes of a record are never under way at once, and follow each other")
    mutating func conflicts() {
        for moment in 0..<500 { line.want(at: UInt64(moment)) }
        var random = SplitMix64(seed: 5)
        var underWay: [SourceLine.Batch] = []
        var versions: [Int: Int] = [:]
        var waits = 0
        while !line.isDone {
            while let batch = next() { underWay.append(batch) }
            if underWay.count < SourceLine.underWayMax, line.waitingCount > 0 { waits += 1 }
            let numbers = underWay.flatMap { $0.changes.map(\.number) }
            #expect(Set(numbers).count == numbers.count)
            let batch = underWay.remove(at: random.below(underWay.count))
            if random.chance(percent: 20) {
                line.returned(batch, &ledger, source: 0)
                continue
            }
            for change in batch.changes {
                #expect(change.version == versions[change.number, default: 0] + 1)
                versions[change.number] = change.version
            }
            settle(batch)
        }
        #expect(ledger.acknowledged == 2_000 && waits > 0)
    }
}

@Suite("Progress board")
struct ProgressBoardTests {
    private let barts = HIEIdentifier("barts")
    private let homerton = HIEIdentifier("homerton")

    @Test("subscribers that run have reached heads when all their watermarks have")
    func reached() throws {
        let (barts, homerton) = (try #require(barts), try #require(homerton))
        let board = ProgressBoard([barts, homerton])
        #expect(board.unheard == [barts, homerton])
        board.saw(head: 10, of: 0)
        board.saw(head: 4, of: 0)
        #expect(board.heads() == [barts: 10, homerton: 0])
        #expect(!board.haveReached(board.heads()))
        board.saw(10, of: 0, at: 0)
        board.heard(1)
        #expect(board.unheard.isEmpty)
        board.saw(7, of: 0, at: 1)
        #expect(board.backlog == [0, 3] && board.appliedShare == 0.85)
        #expect(board.missing(board.heads()) == ["homerton lacks 3 changes of barts"])
        #expect(board.stop(1) && !board.stop(1) && board.isStopped(1))
        #expect(board.haveReached(board.heads()))
        #expect(!board.goOn(1) && board.goOn(1) && !board.goOn(1))
        #expect(!board.haveReached(board.heads()))
        board.saw(10, of: 0, at: 1)
        #expect(board.haveReached(board.heads()))
    }
}

@Suite("What workers say of themselves")
struct PeerReadingTests {
    @Test("counters, blocked brokers and peers that are not complete are read")
    func reading() throws {
        let text = """
            {"hie":"barts","peers":[{"hie":"homerton","state":"silent"},{"hie":"bhrut","state":"complete"},\
            {"hie":"next","state":"planned"}],"brokers":[{"broker":"nel","state":"blocked"}],
            "counters":{"messagesRedelivered":3,"messagesParked":2,"changesApplied":900}}
            """
        let reading = try #require(PeerReading(Array(text.utf8)))
        #expect(reading.redelivered == 3 && reading.parked == 2 && reading.applied == 900 && reading.isBlocked)
        #expect(reading.incomplete == ["homerton silent"])
        #expect(PeerReading(Array("{}".utf8)) == nil && PeerReading(Array("busy".utf8)) == nil)
    }

    @Test("a count goes on over restarts, from the first reading on")
    func restarts() {
        var count = RestartingCount()
        for value in [100, 110, 110, 4, 6] { count.read(value) }
        #expect(count.total == 16)
    }

    @Test("buckets are those between two readings, or since the restart between them")
    func buckets() throws {
        var buckets = WorkerBuckets()
        for text in ["[[10,5],[20,1]]", "[[10,7],[20,1],[30,2]]", "[[10,1]]", "[]", "[[10,2],\"x\",[-1,2]]"] {
            buckets.read("confirm", of: try JSON.parse(Array("{\"confirm\":{\"counts\":\(text)}}".utf8)))
        }
        #expect(buckets.counts == [10: 5, 30: 2])
        buckets.read("confirm", of: .null)
    }
}

@Suite("What a driver found")
struct DriveFiguresTests {
    @Test("a generator that was late, or left requests unsent, did not keep up")
    func lateness() {
        var figures = DriveFigures(workers: 1)
        figures.lookups.wanted = 1000
        for _ in 0..<1000 { figures.schedule.record(corrected: 1_000_000, uncorrected: 1_000_000) }
        #expect(figures.generatorLateness(waiting: 0) == nil)
        figures.lookups.unsent = 11
        #expect(figures.generatorLateness(waiting: 0)?.contains("11 of 1000 requests for lookups") ?? false)
        figures.lookups.unsent = 10
        figures.changes.wanted = 100
        #expect(figures.generatorLateness(waiting: 1) == nil && figures.generatorLateness(waiting: 2) != nil)
        for _ in 0..<20 { figures.schedule.record(corrected: 60_000_000, uncorrected: 60_000_000) }
        #expect(figures.generatorLateness(waiting: 0)?.hasPrefix("the generator could not keep up") ?? false)
    }

    @Test("what was skipped because of a fault is neither intended nor achieved, and lost changes fail the run")
    func fill() throws {
        var figures = DriveFigures(workers: 1)
        figures.measuredSeconds = 10
        figures.lookups = .init(wanted: 100, done: 70, inTime: 60, failed: 10, skipped: 20)
        figures.countError("lookup: status 503", at: 0)
        var result = LoadResult(
            profile: LoadProfile(name: "p", about: "a"), startedAt: "",
            environment: LoadEnvironment(
                versions: [:], cores: 1, memoryMebibytes: 1, queueType: "", durability: "", commit: nil, seed: 1,
                hies: 1, brokers: 1))
        result.passed = true
        let hie = try #require(HIEIdentifier("barts"))
        figures.fill(&result, LoadProfile(name: "p", about: "a"), [hie], Ledger(sources: 1))
        #expect(result.rates["lookups"] == LoadResult.Rate(intended: 8, achieved: 6, count: 70))
        #expect(result.passed && result.accounting.errors == 1 && result.peers.map(\.errors) == [1])
        #expect(result.remarks.contains("1 × lookup: status 503"))
        figures.verification = .init(applied: 5, lost: 1)
        figures.fill(&result, LoadProfile(name: "p", about: "a"), [hie], Ledger(sources: 1))
        #expect(!result.passed && result.accounting.lost == 1 && result.accounting.applied == 5)
    }
}
