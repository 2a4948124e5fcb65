// What other parts of the load test bring.
package import AMQP

package enum Baselines {
    package static func amqp(endpoint: Endpoint, messages: Int, bytes: Int) async throws -> Double { 1 }
    package static func sqlite(rows: Int, directory: String, seed: UInt64) async throws -> Double { 1 }
    package static func indexWrites(rows: Int, directory: String, seed: UInt64) async throws -> Double { 1 }
    package static func http(
        target: LoadTarget, paths: [String], connections: Int, seconds: Double
    ) async throws -> (perSecond: Double, bytes: Int) { (1, 1) }
    package static func reads(directory: String, seconds: Double) async throws -> (index: Double, bare: Double) {
        (1, 1)
    }
}

package struct GrowthRun {
    package init(profile: LoadProfile, directory: String, wherry: String) {}
    package func run(onProgress: @Sendable (String) -> Void) async throws -> [LoadResult.GrowthResult] { [] }
}
