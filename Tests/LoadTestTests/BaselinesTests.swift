import AMQP
import CareRecord
import Foundation
import Replication
import Storage
import TestSupport
import Testing

@testable import LoadTest

@Suite("Baselines") struct BaselinesTests {
    private static let size = 12_000

    @Test("an index and SQLite alone are given the very same rows")
    func sameRows() async throws {
        let directory = try TemporaryDirectory()
        var feed = ChangeFeed(seed: 1, entries: Self.size)
        let pair = try GrowingPair(in: directory.file("pair"))
        _ = try await pair.grow(&feed, to: Self.size, measuring: 5000)
        _ = try await pair.update(&feed)
        try await pair.close()
        let columns = BareRows.columns.filter { $0 != "source" }.joined(separator: ", ")
        let select = "SELECT \(columns) FROM entry ORDER BY \(columns);"
        let index = try await sqlite3(directory.file("pair/index.sqlite"), select)
        let bare = try await sqlite3(directory.file("pair-bare/bare.sqlite"), select)
        #expect(index.split(separator: "\n").count == Self.size && index == bare)
    }

    @Test("every patient has the same number of entries, whoever is asked first, and every HIE holds some")
    func sample() {
        let sample = PatientSample(seed: 1, entries: Self.size)
        var entries: [NHSNumber: Set<String>] = [:]
        var places: Set<Int> = []
        for number in (0..<Self.size).reversed() {
            let (place, key, facts) = sample.entry(number)
            #expect(facts.demographics == nil || key.resource.type == "Patient")
            entries[key.patient, default: []].insert("\(place) \(key.resource.reference)")
            places.insert(place)
        }
        #expect(entries.count == Self.size / PatientSample.entriesPerPatient)
        #expect(entries.values.allSatisfy { $0.count == PatientSample.entriesPerPatient })
        #expect(places.count == sample.hies.count)
    }

    @Test("the same seed makes the same changes, each source's without a hole")
    func feed() {
        var feeds = [1, 1, 2].map { ChangeFeed(seed: $0, entries: Self.size) }
        var batches = feeds.map { _ in [ChangeBatch]() }
        for place in feeds.indices {
            feeds[place].grow(to: Self.size, mixing: Self.size / 2)
            while feeds[place].waiting > 0 { batches[place] += feeds[place].next().batches }
            batches[place] += feeds[place].updates().batches
        }
        #expect(batches[0] == batches[1] && batches[0] != batches[2])
        var heads: [HIEIdentifier: Int64] = [:]
        for batch in batches[0] {
            #expect(batch.after == heads[batch.source, default: 0] && !batch.changes.isEmpty)
            #expect(batch.changes.map(\.seq) == Array(batch.after + 1...batch.through))
            heads[batch.source] = batch.through
        }
        #expect(heads.values.reduce(0, +) == Int64(Self.size + ChangeFeed.transactionChanges))
    }

    @Test("writes and reads of the index are measured beside those of SQLite alone")
    func ratios() async throws {
        let directory = try TemporaryDirectory()
        let (index, bare) = try await Baselines.writes(rows: 6000, directory: directory.file("both"), seed: 1)
        #expect(index > 0 && bare > 0)
        let reads = try await Baselines.reads(directory: directory.file("both"), seconds: 0.2)
        #expect(reads.index > 0 && reads.bare > 0)
    }

    @Test("an index that holds nothing, or that is not there, is not read from")
    func nothingToRead() async throws {
        let directory = try TemporaryDirectory()
        await #expect(throws: LoadTestError.self) {
            try await Baselines.reads(directory: directory.file("missing"), seconds: 0.1)
        }
        try IndexStore(path: directory.file("index.sqlite")).close()
        await #expect(throws: LoadTestError.self) {
            try await Baselines.reads(directory: directory.path, seconds: 0.1)
        }
    }

    @Test("messages go through a queue that is gone afterwards")
    func messages() async throws {
        let host = try await PrivateBroker.shared().makeVirtualHost()
        #expect(try await Baselines.amqp(endpoint: host.endpoint, messages: 500, bytes: 200) > 0)
        let queues = try await PrivateBroker.shared().ctl("list_queues", "-p", host.name, "name", "--silent")
        #expect(queues.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty, "\(queues)")
    }

    @Test("a broker that cannot be reached fails the baseline")
    func noBroker() async throws {
        let endpoint = try Endpoint(url: "amqp://127.0.0.1:1")
        await #expect(throws: AMQPError.self) {
            try await Baselines.amqp(endpoint: endpoint, messages: 1, bytes: 1)
        }
    }

    /// What a reader of SQLite's files that is not ours finds.
    private func sqlite3(_ path: String, _ sql: String) async throws -> String {
        let program = "import sqlite3, sys\nfor row in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(row)"
        return try await Subprocess.run("/usr/bin/python3", ["-c", program, path, sql])
    }
}
