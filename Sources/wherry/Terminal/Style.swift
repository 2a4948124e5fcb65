/// How a piece of text stands out on a terminal (ECMA-48 §8.3.117).
enum Style: Int {
    case plain = 0
    case bold = 1
    case dim = 2
    case red = 31
    case green = 32
    case yellow = 33

    func applied(to text: String, hasColour: Bool = Terminal.hasColour) -> String {
        guard hasColour, self != .plain, !text.isEmpty else { return text }
        return "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
    }
}
