extension String {
    /// As texts are compared in a search: without case, accents and punctuation; hyphens and white space of any length
    /// are one space (FHIR R4, search, string).
    package var searchFolded: String {
        if let plain = foldedASCII { return plain }
        var folded = ""
        folded.reserveCapacity(utf8.count)
        for character in lowercased() {
            if let byte = character.asciiValue, Self.isLetterOrDigit(byte) {
                folded.append(character)
            } else if character.isWhitespace || Self.dashes.contains(character) {
                if !folded.isEmpty, folded.last != " " { folded.append(" ") }
            } else if let plain = Self.plain[character] {
                folded += plain
            } else {
                for scalar in character.unicodeScalars where Self.isKept(scalar) {
                    folded.unicodeScalars.append(scalar)
                }
            }
        }
        if folded.last == " " { folded.removeLast() }
        return folded
    }

    /// The same for letters and digits of ASCII, spaces, hyphens, apostrophes and full stops, of which most names are
    /// made; `nil` where there is anything else.
    private var foldedASCII: String? {
        var folded: [UInt8] = []
        folded.reserveCapacity(utf8.count)
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): folded.append(byte)
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): folded.append(byte | 0x20)
            case UInt8(ascii: " "), UInt8(ascii: "-"):
                if let last = folded.last, last != UInt8(ascii: " ") { folded.append(UInt8(ascii: " ")) }
            case UInt8(ascii: "'"), UInt8(ascii: "."): break
            default: return nil
            }
        }
        if folded.last == UInt8(ascii: " ") { folded.removeLast() }
        return String(decoding: folded, as: UTF8.self)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    private static let dashes: Set<Character> = ["-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}"]

    private static func isKept(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation, .control, .format, .modifierSymbol:
            false
        default:
            true
        }
    }

    /// Letters with one or two marks by what they are without, and letters that are written in two.
    ///
    /// Characters are equal when they are canonically equivalent, so one entry serves the letter however it is encoded.
    private static let plain: [Character: String] = {
        // Grave, acute, circumflex, tilde, macron, breve, dot and diaeresis above, hook, ring, double acute, caron,
        // horn, dot and comma below, cedilla, ogonek (Unicode, combining diacritical marks).
        let marks: [Unicode.Scalar] = [
            "\u{300}", "\u{301}", "\u{302}", "\u{303}", "\u{304}", "\u{306}", "\u{307}", "\u{308}", "\u{309}",
            "\u{30A}",
            "\u{30B}", "\u{30C}", "\u{31B}", "\u{323}", "\u{326}", "\u{327}", "\u{328}",
        ]
        var plain: [Character: String] = [
            "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "đ": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h",
        ]
        for letter in "abcdefghijklmnopqrstuvwxyz" {
            for first in marks {
                plain[marked(letter, first)] = String(letter)
                for second in marks { plain[marked(letter, first, second)] = String(letter) }
            }
        }
        return plain
    }()

    private static func marked(_ letter: Character, _ marks: Unicode.Scalar...) -> Character {
        var text = String(letter)
        for mark in marks { text.unicodeScalars.append(mark) }
        return Character(text)
    }
}
