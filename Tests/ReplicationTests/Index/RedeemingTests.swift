import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

private func change(_ seq: Int64, _ id: String, _ code: String?) -> Change {
    Change(
        seq: seq, key: GapSample.key(id),
        effect: code.map { .put(Facts(category: .condition, code: $0)) } ?? .withdraw)
}

private func redemption(
    _ letter: Int64, _ changes: [Change], _ range: (Int64, Int64)? = nil, epoch: Epoch = SampleSource.early,
    source: HIEIdentifier = barts, plan: Int64 = 1, gaps: [Gap] = []
) -> Redemption {
    let seq = changes.last?.seq ?? letter
    let (after, through) = range ?? (seq - 1, seq)
    return Redemption(
        letter: .sample(letter), plan: plan,
        batch: ChangeBatch(
            source: source, epoch: epoch, after: after, through: through, changes: changes, gaps: gaps))
}

extension LetterVerdict {
    fileprivate var cause: Rejection.Cause? {
        guard case .failed(let rejection) = self else { return nil }
        return rejection.cause
    }
}

@Suite("Redeeming") struct RedeemingTests {
    /// Lines of which the index has applied `(0, 6]`, without 1, 2, 4 and 5.
    private static let lines: [(what: String, Redemption, LetterVerdict, standing: String)] = [
        ("what is missing", redemption(4, [change(4, "c", "1")]), .applied, "c4 d6"),
        ("a correction whose first version is missing too", redemption(5, [change(5, "b", "2")]), .applied, "b5 d6"),
        ("a version before a withdrawal", redemption(1, [change(1, "a", "1")]), .superseded(by: 3), "d6"),
        ("what was withdrawn later", redemption(1, [change(1, "a", nil)]), .superseded(by: 3), "d6"),
        ("what was edited to another record", redemption(4, [change(4, "x", "1")]), .applied, "d6 x4"),
        ("what was edited to a later version's record", redemption(4, [change(4, "d", "0")]), .superseded(by: 6), "d6"),
        ("a withdrawal", redemption(4, [change(4, "d", nil)]), .superseded(by: 6), "d6"),
        ("a change that is there", redemption(6, [change(6, "d", "1")]), .duplicate, "d6"),
        ("another content of what is there", redemption(6, [change(6, "d", "2")]), .superseded(by: 6), "d6"),
        (
            "another record under a number that is there", redemption(6, [change(6, "y", "2")]), .superseded(by: nil),
            "d6"
        ),
        ("a withdrawal that is there", redemption(3, [change(3, "a", nil)]), .duplicate, "d6"),
        ("what was not applied", redemption(7, [change(7, "d", "2")]), .applied, "d7"),
        ("a withdrawal that was not applied", redemption(7, [change(7, "d", nil)]), .applied, ""),
        ("nothing", redemption(70, [], (6, 6)), .duplicate, "d6"),
        ("of an epoch that is over", redemption(4, [change(4, "c", "1")], epoch: earlier), .superseded(by: nil), "d6"),
    ]
    private static let earlier = Epoch("2025-01-01T00:00:00.000Z-00000001")!  // a well-formed constant

    private func sample() throws -> GapSample {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole.damaged([1, 2, 4, 5])])
        #expect(sample.standing == "d6" && sample.missing == [1, 2, 4, 5] && sample.buried == [3])
        return sample
    }

    @Test("promise P2: what becomes of a letter, as it was foreseen", arguments: lines.indices)
    func table(row: Int) throws {
        let (what, redemption, verdict, standing) = Self.lines[row]
        var sample = try sample()
        let before = sample.index.rows
        #expect(try sample.index.foresee(redemption) == verdict, "\(what)")
        #expect(sample.index.rows.entries == before.entries && sample.index.rows.gaps == before.gaps, "\(what)")
        #expect(try sample.index.redeem(redemption) == verdict, "\(what)")
        #expect(sample.standing == standing, "\(what)")
        #expect(sample.gaps[redemption.letter] == nil || redemption.batch.epoch == Self.earlier, "\(what)")
        sample.expectSound(what)
        // Again in the same plan, however the index has gone on: the same, and nothing happens.
        try sample.say("d", "9")
        _ = try sample.index.apply([sample.messages[6]])
        let standingThen = sample.standing
        #expect(try sample.index.foresee(redemption) == verdict, "\(what)")
        #expect(try sample.index.redeem(redemption) == verdict, "\(what)")
        #expect(sample.standing == standingThen, "\(what)")
        sample.expectSound(what)
    }

    @Test("a letter that cannot be applied fails, stays, and writes nothing, not even a note") func failures() throws {
        let failures: [(Redemption, Rejection.Cause)] = [
            (redemption(4, [change(4, "c", "1")], source: kingston), .epochUnknown),
            (redemption(4, [change(4, "c", "1")], epoch: SampleSource.late), .epochUnknown),
            (redemption(4, [change(9, "c", "1")]), .schema),
            (redemption(4, [change(6, "c", "1")]), .schema),
            (redemption(4, [change(4, "c", "1"), change(5, "b", "2")]), .schema),
            (redemption(4, []), .schema),
        ]
        for (redemption, cause) in failures {
            var sample = try sample()
            #expect(try sample.index.foresee(redemption).cause == cause)
            let (verdicts, sources) = try sample.index.redeem([redemption])
            #expect(verdicts.map(\.cause) == [cause])
            #expect(sources[kingston] == nil)
            #expect(sample.standing == "d6" && sample.missing == [1, 2, 4, 5])
            #expect(sample.index.kept(barts).progress.epoch == SampleSource.early)
            // Once the reason is gone, it works in the same plan.
            #expect(try sample.index.redeem(sample.whole.redemption(of: 4)) == .applied)
        }
    }

    @Test("a source of which nothing was read yet is not made up") func unknown() throws {
        var index = IndexTransaction(MemoryIndex())
        let redemption = redemption(4, [change(4, "c", "1")])
        #expect(try index.foresee(redemption).cause == .epochUnknown)
        #expect(try index.redeem(redemption).cause == .epochUnknown)
        #expect(index.rows.known(barts) == nil)
    }

    @Test("a whole message is applied with its range and its gaps, once") func message() throws {
        var sample = try sample()
        let message = redemption(100, [change(7, "e", "1"), change(9, "d", "3")], (6, 10), gaps: [.sample(8)])
        #expect(try sample.index.foresee(message) == .applied)
        let (verdicts, sources) = try sample.index.redeem([message])
        #expect(verdicts == [.applied])
        #expect(sources[barts]?.progress.applied == AppliedRanges(watermark: 10, islands: []))
        #expect(sample.standing == "d9 e7" && sample.missing == [1, 2, 4, 5, 8])
        let again = redemption(100, message.batch.changes, (6, 10), plan: 2, gaps: [.sample(8)])
        #expect(try sample.index.redeem(again) == .duplicate)
        #expect(sample.missing == [1, 2, 4, 5, 8])
        sample.expectSound()
    }

    @Test("a whole message of which some is superseded and some is missing: that is written, and counts")
    func mixedMessage() throws {
        var sample = try sample()
        let message = redemption(100, [change(1, "a", "1"), change(4, "c", "1"), change(6, "d", "1")], (0, 6))
        #expect(try sample.index.foresee(message) == .applied)
        #expect(try sample.index.redeem(message) == .applied)
        #expect(sample.standing == "c4 d6" && sample.missing == [1, 2, 5])
        #expect(try sample.index.redeem(sample.whole.redemption(of: 4)) == .duplicate)
        #expect(
            try sample.index.redeem(redemption(101, [change(1, "a", "1"), change(2, "d", "1")], (0, 2)))
                == .superseded(by: 6))
        sample.expectSound()
    }

    @Test("an empty message of numbers that are not applied moves the watermark") func emptyMessage() throws {
        var sample = try sample()
        #expect(try sample.index.foresee(redemption(100, [], (6, 9))) == .applied)
        #expect(try sample.index.redeem(redemption(100, [], (6, 9))) == .applied)
        #expect(sample.index.kept(barts).progress.applied.watermark == 9)
    }

    @Test("promise P2: two letters of one number give it to one record") func oneNumber() throws {
        for order in [[4, 40], [40, 4]] {
            var sample = try GapSample()
            let damaged = sample.whole.damaged([4])
            _ = try sample.index.apply([
                ChangeBatch(
                    source: barts, epoch: damaged.epoch, after: 0, through: 6, changes: damaged.changes,
                    gaps: damaged.gaps + [Gap(letter: .sample(40), after: 3, through: 4)])
            ])
            #expect(sample.gaps.count == 2)
            var verdicts: [LetterVerdict] = []
            for letter in order.map(Int64.init) {
                let id = letter == 4 ? "c" : "x"
                verdicts.append(try sample.index.redeem(redemption(letter, [change(4, id, "1")])))
            }
            #expect(verdicts == [.applied, .superseded(by: nil)])
            #expect(sample.standing == (order[0] == 4 ? "b5 c4 d6" : "b5 d6 x4"))
            #expect(sample.gaps.isEmpty)
            sample.expectSound()
        }
    }

    @Test("a letter whose number could not be read takes one that is missing, and none that is there")
    func unnumbered() throws {
        func sample() throws -> GapSample {
            var sample = try GapSample()
            // Read when 1 and 2 were superseded: 1, 2 or 4.
            _ = try sample.index.apply([try sample.source.batch(after: 0).damaged([], unnumbered: [4])])
            return sample
        }
        let cases: [(Int64, String, LetterVerdict?)] = [
            (4, "c", .applied), (2, "b", .superseded(by: 5)), (6, "d", .duplicate), (6, "z", .superseded(by: nil)),
            (3, "z", .superseded(by: nil)), (8, "z", nil),
        ]
        for (seq, id, verdict) in cases {
            var sample = try sample()
            let redemption = redemption(4, [change(seq, id, "1")])
            let foreseen = try sample.index.foresee(redemption)
            #expect(foreseen == verdict ?? foreseen && (verdict != nil || foreseen.cause == .schema), "\(seq)\(id)")
            #expect(try sample.index.redeem(redemption) == foreseen)
            #expect(sample.gaps.isEmpty == (verdict != nil))
            #expect(sample.standing == (seq == 4 ? "b5 c4 d6" : "b5 d6"))
            sample.expectSound()
        }
    }

    @Test("letters of one call are applied in the order of their numbers, and answered in the order given")
    func order() throws {
        var sample = try GapSample()
        _ = try sample.index.apply([sample.whole.damaged([1, 2, 3, 4, 5, 6])])
        let (verdicts, sources) = try sample.index.redeem([5, 3, 2, 6, 1, 4].map { sample.whole.redemption(of: $0) })
        #expect(verdicts == Array(repeating: .applied, count: 6))
        #expect(sources[barts]?.hasGaps == false)
        try expect(sample.index, isWhole: sample.source, "order")
    }

    @Test("promise P2: every order of deliveries and replays of a few changes, any of them damaged, ends the same")
    func exhaustive() throws {
        for say in [["a1", "a-", "a2", "b1"], ["a1", "b1", "a-", "b-"], ["a1", "a2", "a3", "a-"]] {
            var messages = try GapSample()
            let before = messages.messages.count
            for word in say { try messages.say(String(word.prefix(1)) + "n", word.hasSuffix("-") ? nil : word) }
            let fresh = Array(messages.messages[before...])
            for chosen in 0..<16 {
                let damaged = fresh.indices.filter { chosen & (1 << $0) != 0 }
                guard damaged.count <= 2 else { continue }
                for order in permutations(of: Array(0..<fresh.count + damaged.count)) {
                    try run(order, fresh, damaged, messages.messages.prefix(before), messages.source)
                }
            }
        }
    }

    /// Steps below the number of messages are deliveries; those above are replays of the damaged ones.
    private func run(
        _ order: [Int], _ fresh: [ChangeBatch], _ damaged: [Int], _ before: ArraySlice<ChangeBatch>,
        _ source: SampleSource
    ) throws {
        var index = IndexTransaction(MemoryIndex())
        _ = try index.apply(Array(before))
        for step in order {
            if step < fresh.count {
                let message = fresh[step]
                _ = try index.apply([damaged.contains(step) ? message.damaged([message.through]) : message])
            } else {
                let message = fresh[damaged[step - fresh.count]]
                let redemption = message.redemption(of: message.through)
                let foreseen = try index.foresee(redemption)
                #expect(try index.redeem(redemption) == foreseen)
            }
        }
        try expect(index, isWhole: source, "\(order) \(damaged)")
        #expect(index.rows.gaps[1, default: [:]].isEmpty, "\(order) \(damaged)")
    }

    private func permutations(of items: [Int]) -> [[Int]] {
        guard let first = items.first else { return [[]] }
        return permutations(of: Array(items.dropFirst())).flatMap { rest in
            (0...rest.count).map { position in rest[..<position] + [first] + rest[position...] }
        }
    }
}
