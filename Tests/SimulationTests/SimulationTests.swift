import Simulation
import Testing

@Suite("Simulation") struct SimulationTests {
    /// `Scripts/mutants` shows that broken machines are caught, and `wherry simulate` runs seeds by the thousand.
    @Test("promises P1, P2, P3, P6 and P7 hold over some seeds of every fault", arguments: UInt64(1)...12)
    func seeds(_ seed: UInt64) throws {
        let outcome = try Simulation.run(seed: seed, SimulationOptions())
        #expect(outcome.violation == nil)
        #expect(outcome.faults > 20)
    }

    @Test("the same seed and options give the same run; another seed gives another") func deterministic() throws {
        var options = SimulationOptions()
        options.steps = 80
        let first = try Simulation.run(seed: 7, options)
        #expect(try Simulation.run(seed: 7, options) == first)
        #expect(try Simulation.run(seed: 8, options).fingerprint != first.fingerprint)
    }

    @Test("a mesh may have few HIEs or many", arguments: [2, 3, 25]) func sizes(_ hies: Int) throws {
        var options = SimulationOptions()
        options.hies = hies
        options.steps = 60
        #expect(try Simulation.run(seed: 3, options).violation == nil)
    }

    @Test("a fault that is left out does not happen") func without() throws {
        var options = SimulationOptions()
        options.without = Set(Fault.allCases)
        let outcome = try Simulation.run(seed: 5, options)
        #expect(outcome.faults == 0)
        #expect(outcome.violation == nil)
    }

    @Test("a seed that breaks nothing needs no explanation") func explained() throws {
        var options = SimulationOptions()
        options.steps = 40
        let (least, lines) = try Simulation.explain(seed: 1, options)
        #expect(least == options)
        #expect(lines == [])
    }
}
