import Synchronization

/// The memory that all queries of a worker together may take, whatever their peers send.
final class ByteBudget: Sendable {
    private let bytesMax: Int
    private let taken = Mutex(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Returns whether there is so much left.
    func take(_ bytes: Int) -> Bool {
        taken.withLock { taken in
            guard taken + bytes <= bytesMax else { return false }
            taken += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) {
        taken.withLock { $0 -= bytes }
    }

    /// What is taken at present.
    var takenBytes: Int { taken.withLock { $0 } }
}
