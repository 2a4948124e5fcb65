package import CareRecord
import Storage

/// How far a worker is, in numbers that move with every change.
package struct WorkerProgress: Sendable, Hashable {
    /// Of the own journal; 0 at a replica, which has none.
    package var head: Int64 = 0
    /// Own changes up to this number are confirmed by the broker.
    package var publishedThrough: Int64 = 0
    /// Every change of a source up to this number is applied; the own one is a source too.
    package var watermarks: [HIEIdentifier: Int64] = [:]

    package init() {}
}

extension Worker {
    package var progress: WorkerProgress {
        var progress = WorkerProgress()
        progress.head = records?.head.head ?? 0
        progress.publishedThrough = published.head
        progress.watermarks = coverageBoard.watermarks.value
        return progress
    }
}
