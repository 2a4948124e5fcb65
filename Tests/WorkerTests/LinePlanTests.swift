import Testing

@testable import Worker

@Suite("Which connections run") struct LinePlanTests {
    private func line(_ link: String, _ role: BrokerBoard.Role = .consume, at address: String = "one") -> LineID {
        LineID(link: link, role: role, addresses: [address])
    }

    @Test("what is wanted starts once, whoever else comes") func starts() {
        var plan = LinePlan()
        #expect(plan.want([line("nel"), line("swl")]) == [.start(line("nel")), .start(line("swl"))])
        #expect(plan.want([line("nel"), line("swl")]) == [])
        #expect(plan.want([line("nel"), line("swl"), line("nwl")]) == [.start(line("nwl"))])
    }

    @Test("what is wanted no more stops, and nothing starts before it has ended") func stops() {
        var plan = LinePlan()
        _ = plan.want([line("nel", at: "one"), line("swl")])
        #expect(plan.want([line("nel", at: "two"), line("swl"), line("nwl")]) == [.stop(line("nel", at: "one"))])
        #expect(plan.isStopping(line("nel", at: "one")))
        #expect(plan.ended(line("nel", at: "one")) == [.start(line("nel", at: "two")), .start(line("nwl"))])
    }

    @Test("what is wanted again while it stops starts when it has ended") func comesBack() {
        var plan = LinePlan()
        _ = plan.want([line("nel")])
        #expect(plan.want([]) == [.stop(line("nel"))])
        #expect(plan.want([line("nel")]) == [])
        #expect(plan.ended(line("nel")) == [.start(line("nel"))])
    }

    @Test("it is over when all that ran has ended") func over() {
        var plan = LinePlan()
        #expect(plan.isOver)
        _ = plan.want([line("nel"), line("nel", .publish)])
        #expect(Set(plan.want([])) == [.stop(line("nel")), .stop(line("nel", .publish))])
        #expect(plan.ended(line("nel")) == [] && !plan.isOver)
        #expect(plan.ended(line("nel", .publish)) == [] && plan.isOver)
    }
}
