/// The word that somebody probably meant.
package enum Suggestion {
    /// Words further apart than this, in letters changed, added or left out, are not taken for one another.
    package static let distanceMax = 2
    /// Longer input is not compared.
    package static let lengthMaxCharacters = 40

    /// "; did you mean …?", or nothing.
    package static func text(for word: String, among known: [String]) -> String {
        guard word.count <= lengthMaxCharacters else { return "" }
        let lowercased = word.lowercased()
        let nearest =
            known
            .map { (word: $0, distance: distance(Array(lowercased), Array($0))) }
            .filter { $0.distance <= min(distanceMax, $0.word.count / 2) }
            .min { $0.distance < $1.distance }
        return nearest.map { "; did you mean `\($0.word)`?" } ?? ""
    }

    /// The Levenshtein distance.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let substituted = diagonal + (a == b ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
