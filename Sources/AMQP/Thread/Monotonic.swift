import Glibc

/// Nanoseconds on the clock that never goes back (CLOCK_MONOTONIC).
enum Monotonic {
    static let nanosecondsPerSecond: UInt64 = 1_000_000_000

    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * nanosecondsPerSecond + UInt64(time.tv_nsec)
    }

    static func after(seconds: Int) -> UInt64 {
        now() + UInt64(max(seconds, 0)) * nanosecondsPerSecond
    }
}
