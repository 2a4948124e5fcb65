import CareRecord
import Testing

@Suite("CSV")
struct CSVTests {
    private static func rows(_ bytes: [UInt8]) throws -> [CSVReader.Row] {
        var reader = try CSVReader(bytes)
        var rows: [CSVReader.Row] = []
        while let row = reader.next() { rows.append(row) }
        return rows
    }

    private static func cells(_ text: String) throws -> [[String]] { try rows(Array(text.utf8)).map(\.cells) }

    @Test(
        "cells are read as RFC 4180 and spreadsheets write them",
        arguments: [
            ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]), ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
            ("a,b\rc,d\r", [["a", "b"], ["c", "d"]]), ("a;b;c\n1,5;2;3", [["a", "b", "c"], ["1,5", "2", "3"]]),
            ("a\tb\n", [["a", "b"]]), ("\u{FEFF}a,b", [["a", "b"]]), ("\u{FEFF}\"a\",b", [["a", "b"]]),
            ("\"a,\"\"b\"\"\r\nc\",d\n", [["a,\"b\"\r\nc", "d"]]), ("\"\",x", [["", "x"]]), ("a,\n", [["a", ""]]),
            (",a", [["", "a"]]), ("a\"b,c", [["a\"b", "c"]]), ("one\ntwo", [["one"], ["two"]]),
            ("\"a;b\",c;d,e", [["a;b", "c;d", "e"]]), ("é😀,ü", [["é😀", "ü"]]),
            ("a,b\n\n , \n\r\n,,\nc,d", [["a", "b"], ["c", "d"]]), ("", []), ("\n\n", []), ("\u{FEFF}", []),
        ] as [(String, [[String]])])
    func cells(text: String, cells: [[String]]) throws {
        #expect(try Self.cells(text) == cells)
    }

    @Test("a row knows the line on which it begins, whatever lines are within cells or were empty")
    func lines() throws {
        let rows = try Self.rows(Array("a\r\n\"b\nb\r\nb\",x\n\n\nc\rd".utf8))
        #expect(rows.map(\.line) == [1, 2, 7, 8])
    }

    @Test(
        "a row that cannot be read is named with its line, and the next one is read",
        arguments: [
            ("\"never closed,x\na,b", CSVReader.Problem.openQuote), ("\"a\"b,c\na,b", .textAfterQuote),
            (String(repeating: "x", count: 4097) + "\na,b", .longCell),
            ("\"" + String(repeating: "x", count: 4097) + "\"\na,b", .longCell),
            (String(repeating: "x,", count: 256) + "x\na,b", .manyCells),
        ])
    func problems(text: String, problem: CSVReader.Problem) throws {
        let rows = try Self.rows(Array(("a,b\n" + text).utf8))
        #expect(rows.map(\.line) == [1, 2, 3])
        #expect(rows[1].content == .failure(problem) && rows[2].cells == ["a", "b"])
        #expect(!problem.reason.isEmpty)
    }

    @Test("the longest cell and the most cells that are allowed are read")
    func limits() throws {
        let cell = String(repeating: "é", count: CSVReader.cellBytesMax / 2)
        #expect(try Self.cells("\(cell),\"\(cell)\"") == [[cell, cell]])
        let row = String(repeating: "x,", count: CSVReader.cellsMax - 1) + "x"
        #expect(try Self.cells(row).first?.count == CSVReader.cellsMax)
    }

    @Test("what is not UTF-8 is refused, with its line")
    func encoding() {
        #expect(throws: CSVReader.Failure.notUTF8(line: 2)) { try Self.rows(Array("a,b\n".utf8) + [0xE9, 0x0A]) }
        #expect(throws: CSVReader.Failure.notUTF8(line: 1)) { try Self.rows([0xC3]) }
        #expect(throws: CSVReader.Failure.utf16) { try Self.rows([0xFF, 0xFE, 0x61, 0x00]) }
        #expect(throws: CSVReader.Failure.utf16) { try Self.rows([0xFE, 0xFF, 0x00, 0x61]) }
    }

    @Test("random bytes never trap, and lines grow")
    func randomBytes() throws {
        var random = SplitMix64(seed: 5)
        let alphabet: [UInt8] = Array("a1,;\t\"\r\n\u{FEFF}é ".utf8)
        for round in 0..<3000 {
            let bytes = (0..<random.below(80)).map { _ in
                random.chance(percent: 2) ? UInt8(random.below(256)) : random.pick(alphabet)
            }
            guard let rows = try? Self.rows(bytes) else { continue }
            #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.line < $1.line }, "round \(round)")
            #expect(rows.count <= bytes.count, "round \(round)")
        }
    }

    @Test("what is written is read back the same")
    func roundTrip() throws {
        var random = SplitMix64(seed: 6)
        let pieces = ["a", ",", ";", "\"", "\r\n", "\n", "\r", "é", " ", "\t", "x", "", "1"]
        for round in 0..<500 {
            let rows = (0..<4).map { _ in
                ["x"] + (0..<3).map { _ in "x" + (0..<random.below(5)).map { _ in random.pick(pieces) }.joined() }
            }
            var writer = CSVWriter()
            for row in rows { writer.row(row) }
            #expect(try Self.rows(writer.bytes).map(\.cells) == rows, "round \(round)")
        }
    }

    @Test(
        "a cell that a spreadsheet would take for a formula is made harmless",
        arguments: [
            ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("=a,b", "\"'=a,b\""),
            ("\t=1", "\"'\t=1\""), ("a=1", "a=1"), ("2026-11-02", "2026-11-02"), ("", ""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
        ])
    func formulas(cell: String, written: String) {
        var writer = CSVWriter()
        writer.row([cell, "y"])
        #expect(String(decoding: writer.bytes, as: UTF8.self) == written + ",y\r\n")
    }
}
