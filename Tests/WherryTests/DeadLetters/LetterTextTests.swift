import CareRecord
import Foundation
import LoadTest
import TestSupport
import Testing

@testable import wherry

@Suite("Letters as text") struct LetterTextTests {
    @Test("text from outside shows its controls and has none") func visible() {
        let text = VisibleText.line("a\u{1B}[2J\u{7}\t\u{7F}\u{9B}\u{202E}\u{2028}é日")
        #expect(text == "a␛[2J␇␉␡<U+009B><U+202E><U+2028>é日")
        let lines = VisibleText.lines("a\r\nb\n\n\u{B}c\n")
        #expect(lines == ["a", "b", "", "␋c"])
        #expect(VisibleText.lines("") == [] && VisibleText.lines("\n") == [""])
        #expect(VisibleText.lines(LetterSamples.hostile).allSatisfy(LetterSamples.isHarmless))
    }

    @Test("every character of Unicode is harmless as a line") func everyScalar() {
        var text = String.UnicodeScalarView()
        for value in UInt32(0)...0x10FFFF where value != 0x0A {
            if let scalar = Unicode.Scalar(value) { text.append(scalar) }
        }
        #expect(LetterSamples.isHarmless(VisibleText.line(String(text))))
    }

    @Test("a long line is folded, and nothing of it is lost") func folded() {
        #expect(VisibleText.folded("abcdefg", width: 3) == ["abc", "def", "g"])
        #expect(VisibleText.folded("abc", width: 3) == ["abc"] && VisibleText.folded("", width: 3) == [""])
    }

    @Test("bytes that are no text are dumped as hexdump does") func dump() async throws {
        let directory = try TemporaryDirectory()
        let bytes = (0..<300).map { UInt8($0 % 256) }
        try Data(bytes).write(to: URL(filePath: directory.file("x")))
        let said = try await Subprocess.run("/usr/bin/hexdump", ["-C", directory.file("x")])
        let theirs = said.split(separator: "\n").dropLast().map(String.init)
        let ours = HexDump.lines(bytes)
        #expect(ours.first == "00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|")
        #expect(ours == theirs && HexDump.lineCount(bytes) == ours.count)
        #expect(HexDump.lines(bytes, linesMax: 2) == Array(ours.prefix(2)) && HexDump.lines([UInt8]()) == [])
    }

    @Test("JSON is spread over lines, with its order and its numbers as they were, and reads back as the same")
    func json() throws {
        let text = #"{"b":[1.50,{},[],"x\u001b"],"a":{"c":null,"d":true}}"#
        let json = try JSON.parse(Array(text.utf8))
        let lines = json.indentedLines
        #expect(
            lines == [
                "{", #"  "b": ["#, "    1.50,", "    {},", "    [],", #"    "x\u001b""#, "  ],", #"  "a": {"#,
                #"    "c": null,"#, #"    "d": true"#, "  }", "}",
            ])
        #expect(try JSON.parse(Array(lines.joined(separator: "\n").utf8)) == json)
        #expect(JSON.number("12.5").double == 12.5 && JSON.null.present == nil)
    }

    @Test("a command to type can be pasted into a shell", arguments: ["a b", "it's", "$(x)", "", "a;b", "--x=[1]"])
    func quoted(_ word: String) async throws {
        let said = try await Subprocess.run("/bin/sh", ["-c", "printf %s \(Invocation.quoted(word))"])
        #expect(said == word)
    }

    @Test("a command to type names the worker") func invocation() {
        let text = Invocation.text("replay", ["12-3f9ab2c4"], from: LetterSamples.url, #"--reason "…" --canary 10"#)
        #expect(
            text
                == #"wherry deadletters replay 12-3f9ab2c4 --from http://127.0.0.1:8080 --reason "…" --canary 10"#)
        #expect(Invocation.letters(1) == "1 letter" && Invocation.letters(0) == "0 letters")
    }

    @Test("a progress line of letters counts the rate from where it began to look") func progress() {
        let line = ProgressBar.line(done: 300, total: 600, unit: .letters, start: 200, seconds: 10, text: "canary")
        #expect(line.hasSuffix("50 %  300 letters of 600 letters  10 letters/s  30 s left  canary"), "\(line)")
        #expect(
            ProgressBar.line(done: 200, total: 600, unit: .letters, start: 200, seconds: 1, text: "")
                .hasSuffix("33 %  200 letters of 600 letters  0 letters/s  "))
    }
}

@Suite("Differences line by line") struct LineDiffTests {
    @Test(
        "show what was taken away, what came, and some lines around",
        arguments: [
            ("a b c", "a b c", ""), ("a b c", "a x c", " a|-b|+x| c"), ("", "a", "+a"), ("a", "", "-a"),
            ("a b c d e f g h i", "a b c d X f g h i", " …| b| c| d|-e|+X| f| g| h| …"),
            ("a b c d e f g h i j k l", "X b c d e f g h i j k Y", "-a|+X| b| c| d| …| i| j| k|-l|+Y"),
            ("a a a", "a a", "-a| a| a"),
        ])
    func lines(_ before: String, _ after: String, _ diff: String) {
        func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
        let lines = LineDiff(words(before), words(after)).lines
        #expect(lines.sorted() == diff.split(separator: "|").map(String.init).sorted())
        if before != "a a a" { #expect(lines.joined(separator: "|") == diff) }
    }

    @Test("give back the later text from the earlier, whatever the two are") func random() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<500 {
            func text() -> [String] { (0..<Int(random.next() % 7)).map { _ in String(random.next() % 3) } }
            let (before, after) = (text(), text())
            let lines = LineDiff(before, after).lines
            guard !lines.contains(" …") else { continue }
            let kept = lines.filter { !$0.hasPrefix("+") }.map { String($0.dropFirst()) }
            let made = lines.filter { !$0.hasPrefix("-") }.map { String($0.dropFirst()) }
            // What is equal at both ends may be left out.
            #expect(before == after ? lines.isEmpty : Self.isPart(kept, of: before) && Self.isPart(made, of: after))
            #expect(before.count - after.count == lines.count { $0.hasPrefix("-") } - lines.count { $0.hasPrefix("+") })
        }
    }

    private static func isPart(_ part: [String], of whole: [String]) -> Bool {
        part.isEmpty || whole.firstRange(of: part) != nil
    }

    @Test("of very many lines only their number is said") func limit() {
        let before = (0..<LineDiff.changesMax).map { "a\($0)" }
        let after = (0..<LineDiff.changesMax).map { "b\($0)" }
        #expect(LineDiff(before, after).lines == ["-(2000 lines)", "+(2000 lines, too many to compare)"])
    }

    @Test("are red and green on a terminal, and cannot control it") func cells() {
        #expect(LineDiff.cell("-x").style == .red && LineDiff.cell("+x").style == .green)
        #expect(LineDiff.cell(" x").style == .dim)
        #expect(LetterSamples.isHarmless(LineDiff.cell("+" + LetterSamples.hostile).text))
    }
}
