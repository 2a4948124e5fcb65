import Foundation

/// Standard output and standard error of this process.
enum Terminal {
    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether standard error is one.
    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether standard input is one, and a person can be asked.
    static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Whether a person looks at standard output: at a terminal, or, with `WHERRY_TABLES=1`, at what a pipe leads to.
    static var isInteractive: Bool { isTerminal || ProcessInfo.processInfo.environment["WHERRY_TABLES"] == "1" }

    /// Whether what was printed on standard output can be drawn over.
    static var canRedraw: Bool { isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

    /// Of the terminal at standard output; 80 by 24 where it does not say.
    static var size: (columns: Int, rows: Int) { size(of: STDOUT_FILENO) }

    /// Of the terminal at standard error.
    static var errorColumns: Int { size(of: STDERR_FILENO).columns }

    private static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
            return (80, 24)
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Colour is for people, and not for those who set `NO_COLOR` (no-color.org) or have a `dumb` terminal.
    static var hasColour: Bool {
        let environment = ProcessInfo.processInfo.environment
        return isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    /// A line, or several.
    static func print(_ text: String) {
        write(text, to: .standardOutput)
    }

    /// As it is, without an end of the line.
    static func draw(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    /// The same on standard error.
    static func drawError(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
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
