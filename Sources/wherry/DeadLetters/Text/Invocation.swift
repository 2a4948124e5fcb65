/// A command to type next.
enum Invocation {
    /// `wherry deadletters show 4711 --from http://127.0.0.1:8080`; `rest` stands as it is.
    static func text(_ verb: String, _ words: [String] = [], from url: WorkerURL, _ rest: String = "") -> String {
        let words = ["wherry", "deadletters", verb] + (words + ["--from", url.description]).map(quoted)
        return words.joined(separator: " ") + (rest.isEmpty ? "" : " \(rest)")
    }

    /// One word for a shell, in single quotes where it needs them.
    static func quoted(_ word: String) -> String {
        let plain = { (character: Character) in
            character.isASCII && (character.isLetter || character.isNumber || "-_.,:/=@%+".contains(character))
        }
        guard word.isEmpty || !word.allSatisfy(plain) else { return word }
        return "'" + Table.Cell(word).text.replacing("'", with: "'\\''") + "'"
    }

    /// `1 letter`, `1204 letters`.
    static func letters(_ count: Int) -> String { count == 1 ? "1 letter" : "\(count) letters" }
}
