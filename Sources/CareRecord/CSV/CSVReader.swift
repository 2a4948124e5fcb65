/// Reads the rows of a CSV text (RFC 4180), and of what spreadsheets make of it: semicolons or tabs instead of commas,
/// a byte order mark, any kind of line end. Empty rows are passed over.
///
/// A row that cannot be read is given with its problem, and reading goes on at the next line: one quote that is never
/// closed does not swallow the rest.
package struct CSVReader: Sendable {
    /// A row, or why it is none.
    package struct Row: Sendable, Hashable {
        /// The line on which it begins, from 1.
        package let line: Int
        package let content: Result<[String], Problem>

        package var cells: [String] { (try? content.get()) ?? [] }
    }

    /// What is wrong with one row.
    package enum Problem: Error, Sendable, Hashable, CaseIterable {
        case openQuote
        case textAfterQuote
        case longCell
        case manyCells

        /// For whoever wrote the row; it repeats nothing of it.
        package var reason: String {
            switch self {
            case .openQuote: "a cell begins with a quote that is not closed"
            case .textAfterQuote: "text stands behind the quote that closes a cell"
            case .longCell: "a cell is longer than \(cellBytesMax) bytes"
            case .manyCells: "it has more than \(cellsMax) cells"
            }
        }
    }

    /// Why a text is no CSV at all.
    package enum Failure: Error, Sendable, Hashable {
        case notUTF8(line: Int)
        case utf16

        /// What is wrong and what to do.
        package var reason: String {
            switch self {
            case .notUTF8(let line): "line \(line) is not UTF-8: save the file as \"CSV UTF-8\""
            case .utf16: "it is UTF-16 and not UTF-8: save the file as \"CSV UTF-8\""
            }
        }
    }

    package static let cellBytesMax = 4096
    package static let cellsMax = 256

    private static let quote = UInt8(ascii: "\"")
    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private let bytes: [UInt8]
    private let separator: UInt8
    private var position: Int
    private var line = 1

    /// The separator is the one of comma, semicolon and tab that the first line has most of.
    package init(_ bytes: [UInt8]) throws(Failure) {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { throw .utf16 }
        if let line = Self.firstBadLine(bytes) { throw .notUTF8(line: line) }
        self.bytes = bytes
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        separator = Self.separator(of: bytes[position...])
    }

    /// `nil` at the end.
    package mutating func next() -> Row? {
        while position < bytes.count {
            let start = (position: position, line: line)
            let content = row()
            if case .failure = content {
                position = start.position
                skipLine()
            }
            line += lineEnds(from: start.position)
            if case .success(let cells) = content, cells.allSatisfy({ $0.allSatisfy(\.isWhitespace) }) { continue }
            return Row(line: start.line, content: content)
        }
        return nil
    }

    private mutating func row() -> Result<[String], Problem> {
        var cells: [String] = []
        while true {
            guard cells.count < Self.cellsMax else { return .failure(.manyCells) }
            switch isAt(Self.quote) ? quotedCell() : plainCell() {
            case .success(let cell): cells.append(cell)
            case .failure(let problem): return .failure(problem)
            }
            if isAt(separator) {
                position += 1
            } else {
                position += lineEnd(at: position)
                return .success(cells)
            }
        }
    }

    private mutating func plainCell() -> Result<String, Problem> {
        let start = position
        while position < bytes.count, bytes[position] != separator, lineEnd(at: position) == 0 {
            position += 1
            guard position - start <= Self.cellBytesMax else { return .failure(.longCell) }
        }
        return .success(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func quotedCell() -> Result<String, Problem> {
        position += 1
        var cell: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == Self.quote {
                guard isAt(Self.quote) else {
                    let isClosed = position == bytes.count || isAt(separator) || lineEnd(at: position) > 0
                    return isClosed ? .success(String(decoding: cell, as: UTF8.self)) : .failure(.textAfterQuote)
                }
                position += 1
            }
            cell.append(byte)
            guard cell.count <= Self.cellBytesMax else { return .failure(.longCell) }
        }
        return .failure(.openQuote)
    }

    private func isAt(_ byte: UInt8) -> Bool { position < bytes.count && bytes[position] == byte }

    /// How many bytes of line end stand there: CRLF, LF or CR.
    private func lineEnd(at position: Int) -> Int {
        guard position < bytes.count else { return 0 }
        if bytes[position] == Self.newline { return 1 }
        guard bytes[position] == Self.carriageReturn else { return 0 }
        return position + 1 < bytes.count && bytes[position + 1] == Self.newline ? 2 : 1
    }

    private mutating func skipLine() {
        while position < bytes.count, lineEnd(at: position) == 0 { position += 1 }
        position += lineEnd(at: position)
    }

    private func lineEnds(from start: Int) -> Int {
        var count = 0
        var place = start
        while place < position {
            let length = lineEnd(at: place)
            if length > 0 { count += 1 }
            place += max(1, length)
        }
        return count
    }

    private static func separator(of bytes: ArraySlice<UInt8>) -> UInt8 {
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in bytes {
            if byte == quote { isQuoted.toggle() }
            if byte == newline || byte == carriageReturn, !isQuoted { break }
            if !isQuoted { counts[byte, default: 0] += 1 }
        }
        let known = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
        return known.reduce(known[0]) { best, next in (counts[next] ?? 0) > (counts[best] ?? 0) ? next : best }
    }

    /// No part of a longer UTF-8 sequence is a newline, so each line is judged by itself; `nil` where all are good.
    private static func firstBadLine(_ bytes: [UInt8]) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        let lines = bytes.split(separator: newline, omittingEmptySubsequences: false)
        return (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0) + 1
    }
}
