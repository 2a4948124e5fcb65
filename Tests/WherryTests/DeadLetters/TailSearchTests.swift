import CareRecord
import Testing

@testable import wherry

@Suite("The end of a long list") struct TailSearchTests {
    /// The last letters of a list with these numbers, and how many pages that took.
    private static func search(_ ids: [Int64], wanted: Int, page: Int) -> (found: [Int64], pages: Int) {
        var search = TailSearch(wanted: wanted, page: page)
        var after: Int64 = 0
        var pages = 0
        while true {
            pages += 1
            let above = ids.filter { $0 > after }
            let letters = above.prefix(page).map {
                JSON.object(JSONObject([.init(name: "id", value: .number("\($0)"))]))
            }
            switch search.take(Array(letters), hasMore: above.count > page, total: ids.count) {
            case .found(let found): return (found.compactMap { $0["id"]?.integer }, pages)
            case .ask(let number): after = number
            }
        }
    }

    @Test("is found whatever numbers are missing, in few pages") func random() {
        var random = SplitMix64(seed: 3)
        for round in 0..<400 {
            var ids: [Int64] = []
            var id: Int64 = 0
            for _ in 0..<Int(random.next() % 300) {
                id += 1 + Int64(random.next() % (round.isMultiple(of: 2) ? 2 : 1 << (random.next() % 20)))
                ids.append(id)
            }
            let page = 1 + Int(random.next() % 20)
            let wanted = 1 + Int(random.next() % UInt64(page))
            let (found, pages) = Self.search(ids, wanted: wanted, page: page)
            #expect(found == ids.suffix(wanted), "round \(round)")
            #expect(pages <= 80, "round \(round)")
        }
    }

    @Test("of numbers without holes two pages do") func dense() {
        let (found, pages) = Self.search(Array(5...100_000), wanted: 20, page: 1000)
        #expect(found == Array(99_981...100_000) && pages == 2)
    }

    @Test("of a short list one page does, and of none as well") func short() {
        #expect(Self.search([3, 7, 9], wanted: 2, page: 10) == ([7, 9], 1))
        #expect(Self.search([], wanted: 2, page: 10) == ([], 1))
    }

    @Test("a worker that answers nonsense is not asked for ever") func nonsense() {
        var search = TailSearch(wanted: 5, page: 10)
        var asked = 0
        while case .ask = search.take([], hasMore: true, total: Int.max) { asked += 1 }
        #expect(asked < TailSearch.pagesMax)
        var other = TailSearch(wanted: 5, page: 10)
        let letter: JSON = ["id": .number("\(Int64.max)")]
        asked = 0
        while case .ask = other.take([letter], hasMore: true, total: -5) { asked += 1 }
        #expect(asked < TailSearch.pagesMax)
    }
}

@Suite("Following a replay") struct ReplayWatchTests {
    private let start = ContinuousClock.now

    private func plan(_ state: String) -> ReplayWatch.Sight {
        guard let plan = PlanAnswer(LetterSamples.plan(state)) else { preconditionFailure("it is a plan") }
        return .plan(plan)
    }

    @Test("shows it while it runs, and ends with it", arguments: ["finished", "stopped", "paused", "cancelled", "odd"])
    func ends(_ state: String) throws {
        var watch = ReplayWatch("12", at: start)
        guard case .show = watch.take(plan("running"), at: start) else { throw Unexpected() }
        guard case .ended(let plan) = watch.take(plan(state), at: start) else { throw Unexpected() }
        #expect(plan.stateWord == state)
    }

    @Test("a worker that is silent is waited for, said once, and given up after a minute without a word") func silence()
    {
        var watch = ReplayWatch("12", at: start)
        let said = watch.take(.silence("refused"), at: start + .seconds(1))
        #expect(said == .say("plan 12: refused; waiting for up to 60 s: the replay goes on with the worker"))
        #expect(watch.take(.silence("refused"), at: start + .seconds(59)) == .wait)
        #expect(
            watch.take(.silence("refused"), at: start + .seconds(60))
                == .lost("plan 12: nothing was heard of it for 60 s (refused)"))
    }

    @Test("a worker that has come back is waited for anew") func back() throws {
        var watch = ReplayWatch("12", at: start)
        _ = watch.take(.silence("refused"), at: start + .seconds(50))
        guard case .show = watch.take(plan("running"), at: start + .seconds(55)) else { throw Unexpected() }
        guard case .say = watch.take(.silence("refused"), at: start + .seconds(70)) else { throw Unexpected() }
        #expect(watch.take(.silence("refused"), at: start + .seconds(110)) == .wait)
    }

    @Test("a plan that does not begin is given up as well") func notBegun() throws {
        var watch = ReplayWatch("12", at: start)
        guard case .say = watch.take(plan("planned"), at: start) else { throw Unexpected() }
        guard case .lost = watch.take(plan("planned"), at: start + .seconds(61)) else { throw Unexpected() }
    }

    private struct Unexpected: Error {}
}
