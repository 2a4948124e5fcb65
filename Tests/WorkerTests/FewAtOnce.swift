import TestSupport
import Testing

/// Lets few tests of whole meshes run at the same time, in all suites together: each has several workers, and all share
/// two cores, one broker and the process's file descriptors.
struct FewAtOnce: SuiteTrait, TestTrait, TestScoping {
    private static let room = Room(placesMax: 4)

    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // A suite is not run itself, its tests are.
        guard testCase != nil else { return try await function() }
        await Self.room.enter()
        defer { Self.room.leave() }
        try await function()
    }
}

extension Trait where Self == FewAtOnce {
    static var fewAtOnce: Self { FewAtOnce() }
}
