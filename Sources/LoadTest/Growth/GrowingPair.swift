import Foundation
import Storage

/// An index and a file of SQLite alone that are given the same rows, a few transactions each in turn, so that both see
/// the same machine.
final class GrowingPair {
    /// What was written, and how long it took.
    struct Pace {
        private(set) var rows = 0
        private(set) var seconds = 0.0

        var perSecond: Double { seconds > 0 ? Double(rows) / seconds : 0 }

        mutating func add(_ rows: Int, _ seconds: Double) {
            self.rows += rows
            self.seconds += seconds
        }
    }

    typealias Paces = (index: Pace, bare: Pace)

    /// Rows that a rate is made of: at least so many where there are any, and at most.
    static let rowsMeasuredMin = 50_000
    static let rowsMeasuredMax = 200_000
    /// Transactions before the other has its turn.
    private static let turnTransactions = 2
    private static let againMax = 10

    /// The data directory of a worker, with `index.sqlite`.
    let directory: String
    private var index: IndexStore?
    private var bare: BareWriter
    private var isIndexFirst = true

    /// Begins two empty files.
    init(in directory: String) throws {
        self.directory = directory
        let beside = directory + "-bare"
        for path in [directory, beside] {
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        bare = try BareWriter(try Baselines.bareFile(in: beside))
    }

    /// Puts the entries that are missing to `size`. The pace is that of the last `measured`; where that is not said, of
    /// as many as make a good one, and of no more than half: a file that is almost empty is not of that size. These
    /// come in an order of chance, as changes do in life: each in a page of its own.
    func grow(_ feed: inout ChangeFeed, to size: Int, measuring measured: Int? = nil) async throws -> Paces {
        let enough = max(Self.rowsMeasuredMin, min(Self.rowsMeasuredMax, (size - feed.entries) / 2))
        let usual = max(1, min(enough, size / 2))
        let measured = measured ?? usual
        feed.grow(to: size, mixing: measured)
        var paces: Paces = (Pace(), Pace())
        while feed.waiting > 0 {
            let isMeasured = feed.waiting <= measured
            // A turn ends where the measurement begins.
            let last = isMeasured ? 0 : measured
            let found = try await turn { feed.waiting > last ? feed.next(feed.waiting - last) : nil }
            guard isMeasured else { continue }
            paces.index.add(found.rows, found.index)
            paces.bare.add(found.rows, found.bare)
        }
        return paces
    }

    /// Puts entries anew that are there.
    func update(_ feed: inout ChangeFeed) async throws -> Paces {
        var paces: Paces = (Pace(), Pace())
        while paces.index.rows < Self.rowsMeasuredMin {
            let found = try await turn { feed.updates() }
            paces.index.add(found.rows, found.index)
            paces.bare.add(found.rows, found.bare)
        }
        return paces
    }

    /// Begins anew elsewhere until as many rows are measured as a pace needs: a small size is soon reached.
    static func again(_ size: Int, until paces: inout Paces, seed: UInt64, in directory: String) async throws {
        for _ in 0..<againMax where paces.index.rows < rowsMeasuredMin {
            let pair = try GrowingPair(in: directory)
            var feed = ChangeFeed(seed: seed, entries: size)
            let found = try await pair.grow(&feed, to: size)
            try await pair.close()
            paces.index.add(found.index.rows, found.index.seconds)
            paces.bare.add(found.bare.rows, found.bare.seconds)
        }
        for path in [directory, directory + "-bare"] where FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// Closes the index, which brings everything into its file; the next write opens it.
    func close() async throws {
        guard let open = index else { return }
        index = nil
        try open.close()
        try BareDatabase.bringIn("\(directory)/index.sqlite")
    }

    /// Of the index's file, once it is closed.
    var bytes: Int {
        get throws {
            let path = "\(directory)/index.sqlite"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return (attributes[.size] as? NSNumber)?.intValue ?? 0
        }
    }

    /// Writes some transactions to both. Returns the seconds of each.
    private func turn(
        _ next: () -> ChangeFeed.Transaction?
    ) async throws -> (rows: Int, index: Double, bare: Double) {
        let transactions = (0..<Self.turnTransactions).compactMap { _ in next() }
        let index = try self.index ?? IndexStore(path: "\(directory)/index.sqlite")
        self.index = index
        var seconds = (index: 0.0, bare: 0.0)
        for isIndex in [isIndexFirst, !isIndexFirst] {
            if isIndex {
                seconds.index = try await Baselines.seconds {
                    for transaction in transactions { _ = try await index.apply(transaction.batches) }
                }
            } else {
                seconds.bare = try Baselines.seconds {
                    for transaction in transactions { try bare.write(transaction.rows) }
                }
            }
        }
        isIndexFirst.toggle()
        return (transactions.reduce(0) { $0 + $1.count }, seconds.index, seconds.bare)
    }
}
