import Foundation

/// Standard output and standard error of this process.
enum Terminal {
    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard error is one.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether a person looks at standard output: at a terminal, or, with `WHERRY_TABLES=1`, at what a pipe leads to.
    static var isInteractive: Bool { isTerminal || ProcessInfo.processInfo.environment["WHERRY_TABLES"] == "1" }

    /// Colour is for people, and not for those who set `NO_COLOR` (no-color.org) or have a `dumb` terminal.
    static var hasColour: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// A line, or several.
    static func print(_ text: String) {
        write(text, to: .standardOutput)
    }

    static func printError(_ text: String) {
        write(text, to: .standardError)
    }

    /// Keys are sorted, so that two outputs can be compared line by line.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    private static func write(_ text: String, to handle: FileHandle) {
        // A reader that has gone away, such as head, ends the output and is no error of ours.
        try? handle.write(contentsOf: Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }
}
