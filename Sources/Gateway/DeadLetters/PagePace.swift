/// How many letters to read at once, so that a page has about so many bytes however large the letters are.
struct PagePace: Sendable {
    static let bytesWanted = 256 << 10
    private static let first = 16
    /// A page may be so many times as long as the one before: a few small letters say little about the next.
    private static let growthMax = 4

    private let lettersMax: Int
    private(set) var letters: Int

    init(lettersMax: Int) {
        self.lettersMax = lettersMax
        letters = min(Self.first, lettersMax)
    }

    /// The last page had so many bytes.
    mutating func read(bytes: Int) {
        let fitting = letters * Self.bytesWanted / max(1, bytes)
        letters = max(1, min(fitting, letters * Self.growthMax, lettersMax))
    }
}
