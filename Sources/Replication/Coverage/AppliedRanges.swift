/// Which numbers of one source's journal are applied: everything up to a watermark, and islands above it.
///
/// A range is (`after`, `through`]: `after` exclusive, `through` inclusive. Islands are kept in order, apart from each
/// other and from the watermark. There are at most `islandsMax`; a range that finds no room is not recorded, which is
/// safe: its rows stand, and repair asks for it once more.
package struct AppliedRanges: Sendable, Hashable {
    package static let islandsMax = 1000

    package struct Island: Sendable, Hashable {
        package let after: Int64
        package let through: Int64

        package init(after: Int64, through: Int64) {
            self.after = after
            self.through = through
        }
    }

    package private(set) var watermark: Int64
    package private(set) var islands: [Island]

    /// Nothing is applied.
    package init() {
        watermark = 0
        islands = []
    }

    /// Restores what was kept; islands in any order, overlapping or below the watermark are brought into form.
    package init(watermark: Int64, islands: [Island]) {
        self.watermark = max(0, watermark)
        self.islands = []
        for island in islands { insert(after: island.after, through: island.through) }
    }

    /// The highest number that is applied.
    package var highest: Int64 { islands.last?.through ?? watermark }

    /// Every hole below something applied, in order.
    package var holes: [Island] {
        var holes: [Island] = []
        var after = watermark
        for island in islands {
            holes.append(Island(after: after, through: island.after))
            after = island.through
        }
        return holes
    }

    package func contains(_ seq: Int64) -> Bool {
        if seq <= watermark { return true }
        guard let island = islands.last(where: { $0.after < seq }) else { return false }
        return seq <= island.through
    }

    package func contains(after: Int64, through: Int64) -> Bool {
        if through <= max(watermark, after) { return true }
        let start = max(after, watermark)
        return islands.contains { $0.after <= start && through <= $0.through }
    }

    /// Records that (`after`, `through`] is applied; an empty range changes nothing.
    package mutating func insert(after: Int64, through: Int64) {
        guard through > max(after, watermark) else { return }
        var merged = (after: max(0, after), through: through)
        var apart: [Island] = []
        apart.reserveCapacity(islands.count + 1)
        for island in islands {
            if island.through < merged.after || merged.through < island.after {
                apart.append(island)
            } else {
                merged = (min(merged.after, island.after), max(merged.through, island.through))
            }
        }
        if merged.after <= watermark {
            watermark = merged.through
            islands = apart
        } else if apart.count < Self.islandsMax {
            let position = apart.firstIndex { $0.after > merged.after } ?? apart.endIndex
            apart.insert(Island(after: merged.after, through: merged.through), at: position)
            islands = apart
        }
    }
}
