import CareRecord
import Replication
import Topology

/// What an answer about some categories says of one HIE: how complete it is here, and which of the categories it shares
/// nothing of (promise P3).
struct CategoryCoverage: Sendable, Hashable {
    let source: SourceCoverage
    let withheld: [Category]

    /// Whether everything that the HIE has in these categories is known here.
    var isWhole: Bool { source.state == .complete && withheld.isEmpty }

    static func list(
        _ coverage: [SourceCoverage], _ categories: [Category], _ topology: Topology
    ) -> [CategoryCoverage] {
        coverage.map { source in
            let hie = topology.hie(source.hie)
            return CategoryCoverage(source: source, withheld: categories.filter { hie?.share($0) == .nothing })
        }
    }
}

extension JSONWriter {
    /// The members that every form of coverage has, and `withheld` where there is something.
    mutating func array(coverage: [CategoryCoverage], _ words: CoverageWords) {
        array("coverage") { json in
            for coverage in coverage {
                json.object { json in
                    json.members(of: coverage.source, words)
                    guard !coverage.withheld.isEmpty else { return }
                    json.array("withheld") { for category in coverage.withheld { $0.element(category.rawValue) } }
                }
            }
        }
    }
}
