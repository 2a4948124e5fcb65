import NIOConcurrencyHelpers

/// The memory that all queries of a worker together may take, whatever their peers send.
final class ByteBudget: Sendable {
    private let bytesMax: Int
    private let taken = NIOLockedValueBox(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Returns whether there is so much left.
    func take(_ bytes: Int) -> Bool {
        taken.withLockedValue { taken in
            guard taken + bytes <= bytesMax else { return false }
            taken += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) {
        taken.withLockedValue { $0 -= bytes }
    }

    /// What is taken at present.
    var takenBytes: Int { taken.withLockedValue { $0 } }
}
