import CareRecord
import Replication
import TestSupport
import Testing

@testable import Storage

private let barts = HIEIdentifier("barts")!  // a well-formed constant
private let kingston = HIEIdentifier("kingston")!  // a well-formed constant
private let patient = FHIRFixture.number(1)
private let old = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant
private let new = Epoch("2026-01-02T00:00:00.000Z-00000001")!  // a well-formed constant

private func key(_ reference: String, _ patient: NHSNumber = patient) -> EntryKey {
    EntryKey(patient: patient, resource: ResourceKey(reference: reference)!)  // a constant
}

private func put(_ seq: Int64, _ reference: String, code: String = "c") -> Change {
    Change(seq: seq, key: key(reference), effect: .put(Facts(category: .condition, code: code)))
}

extension Change {
    fileprivate var hash: UInt64? {
        guard case .put(let facts) = effect else { return nil }
        return EntryHash.of(key, seq: seq, facts)
    }
}

private func withdraw(_ seq: Int64, _ reference: String) -> Change {
    Change(seq: seq, key: key(reference), effect: .withdraw)
}

private func batch(
    _ after: Int64, _ through: Int64, _ changes: Change..., source: HIEIdentifier = barts, epoch: Epoch = old
) -> ChangeBatch {
    ChangeBatch(source: source, epoch: epoch, after: after, through: through, changes: changes)
}

/// An index file of its own, and what it holds in words.
private struct Index {
    let directory: TemporaryDirectory
    let store: IndexStore

    init(_ directory: TemporaryDirectory? = nil) throws {
        self.directory = try directory ?? TemporaryDirectory()
        store = try IndexStore(path: self.directory.file("index.sqlite"))
    }

    func entries() async throws -> Set<String> {
        Set(
            try await store.entries(of: patient).map {
                "\($0.source) \($0.resource.reference) \($0.seq) \($0.facts.code ?? "-")"
            })
    }
}

@Suite("Index store") struct IndexStoreTests {
    @Test("promise P2: batches of one history, in every order and each delivered twice, end the same")
    func everyOrder() async throws {
        // The journal kept only the latest change of each resource at the time each message was read.
        let history = [
            batch(0, 2, put(1, "Condition/a", code: "a1"), put(2, "Condition/b", code: "b1")),
            batch(2, 3, withdraw(3, "Condition/a")),
            batch(3, 5, put(4, "Condition/a", code: "a2"), put(5, "Condition/c", code: "c1")),
            batch(5, 7, withdraw(6, "Condition/c"), put(7, "Condition/b", code: "b2")),
        ]
        for order in permutations(of: Array(history.indices)) {
            let index = try Index()
            var digest = BucketDigest()
            for kept in [put(4, "Condition/a", code: "a2"), put(7, "Condition/b", code: "b2")] {
                digest.toggle(patient, hash: try #require(kept.hash))
            }
            for position in order + order.reversed() { _ = try await index.store.apply([history[position]]) }
            #expect(
                try await index.entries() == ["barts Condition/a 4 a2", "barts Condition/b 7 b2"], "order \(order)")
            let state = try #require(try await index.store.source(barts))
            #expect(state.progress.applied == AppliedRanges(watermark: 7, islands: []))
            #expect(state.digest == digest)
            #expect(!state.hasTombstones)
        }
    }

    @Test("promise P2: any grouping of messages into transactions ends the same") func grouping() async throws {
        let history = [
            batch(4, 5, put(5, "Condition/a", code: "late")), batch(0, 2, put(2, "Condition/a", code: "early")),
            batch(2, 4, withdraw(4, "Condition/a")),
        ]
        for cut in 0...3 {
            let index = try Index()
            _ = try await index.store.apply(Array(history[..<cut]))
            _ = try await index.store.apply(Array(history[cut...]))
            #expect(try await index.entries() == ["barts Condition/a 5 late"])
        }
    }

    @Test("an older version that arrives after a withdrawal does not bring the entry back") func tombstone()
        async throws
    {
        let index = try Index()
        _ = try await index.store.apply([batch(5, 6, withdraw(6, "Condition/a"))])
        _ = try await index.store.apply([batch(1, 3, put(3, "Condition/a"))])
        #expect(try await index.entries() == [])
        _ = try await index.store.apply([batch(0, 1), batch(3, 5)])
        #expect(try await index.store.source(barts)?.hasTombstones == false)
    }

    @Test("a range without changes moves the watermark") func emptyRange() async throws {
        let index = try Index()
        let applied = try await index.store.apply([batch(0, 40)])
        #expect(applied.sources[barts]?.progress.applied.watermark == 40)
    }

    @Test("sources do not touch each other's entries") func sources() async throws {
        let index = try Index()
        _ = try await index.store.apply([
            batch(0, 1, put(1, "Condition/a", code: "x")),
            batch(0, 1, put(1, "Condition/a", code: "y"), source: kingston),
        ])
        _ = try await index.store.apply([batch(1, 2, withdraw(2, "Condition/a"))])
        #expect(try await index.entries() == ["kingston Condition/a 1 y"])
    }

    @Test("a new epoch replaces what is held of that source only, and the old epoch is stale from then on")
    func epochs() async throws {
        let index = try Index()
        _ = try await index.store.apply([
            batch(0, 9, put(8, "Condition/a"), put(9, "Condition/b")),
            batch(0, 1, put(1, "Condition/k"), source: kingston),
        ])
        let applied = try await index.store.apply([batch(0, 1, put(1, "Condition/n"), epoch: new)])
        #expect(applied.replaced == [barts])
        let late = try await index.store.apply([batch(9, 10, put(10, "Condition/late"))])
        #expect(late.stale == 1)
        #expect(try await index.entries() == ["barts Condition/n 1 c", "kingston Condition/k 1 c"])
    }

    @Test("old and new epoch in one transaction: only the new one stands") func epochsTogether() async throws {
        let index = try Index()
        _ = try await index.store.apply([
            batch(0, 1, put(1, "Condition/a")), batch(0, 1, put(1, "Condition/n"), epoch: new),
            batch(1, 2, put(2, "Condition/b")),
        ])
        #expect(try await index.entries() == ["barts Condition/n 1 c"])
        #expect(try await index.store.sources()[barts]?.source.progress.applied.watermark == 1)
    }

    @Test("every fact comes back as it was put") func facts() async throws {
        let index = try Index()
        let facts = Facts(
            category: .demographics, code: "c", system: "s", display: "é 😀 \"", status: "", date: "2024",
            demographics: Demographics(family: "Okafor", given: ["Ada"], birthDate: "1980-01-01"))
        _ = try await index.store.apply([
            ChangeBatch(
                source: barts, epoch: old, after: 0, through: 1,
                changes: [Change(seq: 1, key: key("Patient/p"), effect: .put(facts))])
        ])
        #expect(try await index.store.entries(of: patient).map(\.facts) == [facts])
        #expect(try await index.store.entries(of: FHIRFixture.number(2)).isEmpty)
    }

    @Test("P4: many patients are surveyed in the order asked for, in some categories, as often as they are asked for")
    func survey() async throws {
        let index = try Index()
        let other = FHIRFixture.number(2)
        func put(_ seq: Int64, _ reference: String, _ patient: NHSNumber, _ category: CareRecord.Category) -> Change {
            Change(seq: seq, key: key(reference, patient), effect: .put(Facts(category: category)))
        }
        _ = try await index.store.apply([
            batch(
                0, 4, put(1, "Appointment/a", patient, .appointment), put(2, "Condition/c", patient, .condition),
                put(3, "ServiceRequest/s", other, .referral), put(4, "Appointment/b", other, .appointment))
        ])
        let asked = [other, patient, FHIRFixture.number(3), other]
        let found = try await index.store.survey(asked, [.appointment, .referral]) { place, entries in
            "\(place): " + entries.map(\.resource.reference).joined(separator: " ")
        }
        let ofOther = "Appointment/b ServiceRequest/s"
        #expect(found == ["0: \(ofOther)", "1: Appointment/a", "2: ", "3: \(ofOther)"])
        #expect(try await index.store.survey([], [.appointment]) { place, _ in place } == [])
    }

    @Test("progress and freshness survive a restart") func restart() async throws {
        let directory = try TemporaryDirectory()
        let index = try Index(directory)
        _ = try await index.store.apply([batch(0, 2), batch(5, 6)])
        let freshness = Freshness(head: 9, heardAt: Timestamp(milliseconds: 5), asOf: Timestamp(milliseconds: 3))
        try await index.store.keep([barts: freshness])
        let kept = try #require(try await Index(directory).store.sources()[barts])
        #expect(kept.freshness == freshness)
        #expect(kept.source.progress.epoch == old)
        #expect(
            kept.source.progress.applied
                == AppliedRanges(watermark: 2, islands: [AppliedRanges.Island(after: 5, through: 6)]))
    }

    private func permutations(of items: [Int]) -> [[Int]] {
        guard let first = items.first else { return [[]] }
        return permutations(of: Array(items.dropFirst())).flatMap { rest in
            (0...rest.count).map { position in rest[..<position] + [first] + rest[position...] }
        }
    }
}
