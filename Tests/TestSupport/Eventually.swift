/// Asks again and again until `condition` holds, for `seconds` at most. Returns whether it did.
///
/// Hundreds of tests share two cores: the default is what a test that is starved of them needs.
package func eventually(
    within seconds: Double = 90, _ condition: () async throws -> Bool
) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))  // the pause of a bounded retry
    }
    return try await condition()
}
