import Glibc

/// Memory that the process has freed and the C library keeps.
enum FreeMemory {
    private typealias Trim = @convention(c) (Int) -> Int32

    /// glibc's `malloc_trim` (malloc_trim(3)), which Swift's Glibc module leaves out; `nil` where the library has none.
    private static let trim = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

    /// Gives it back to the system.
    static func giveBack() {
        _ = trim?(0)
    }
}
