import CareRecord

/// What the machine does without Wherry's domain, measured in the same run as Wherry, so that figures of different
/// machines can be compared.
package enum Baselines {
    /// Seconds that `body` took.
    static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let began = ContinuousClock.now
        try body()
        return (ContinuousClock.now - began).seconds
    }

    static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let began = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - began).seconds
    }
}
