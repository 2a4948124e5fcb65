import AMQP
import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Gateway

@Suite("A letter's content as it is shown")
struct ShownBodyTests {
    @Test("JSON is shown as text, base64 and JSON")
    func json() {
        let body = ShownBody(Array(#"{"seq": 7}"#.utf8))
        #expect(body.text == #"{"seq": 7}"# && !body.isCut && body.base64 == "eyJzZXEiOiA3fQ==")
        #expect(body.decoded == ["seq": 7])
    }

    @Test("lines are shown as an array, a bad one with where it is wrong")
    func lines() {
        let body = ShownBody(Array("{\"seq\":7}\n{\"seq\":\n\n{\"seq\":9}\n".utf8))
        #expect(body.decoded?.elements?.count == 3)
        #expect(body.decoded?.elements?.first == ["seq": 7] && body.decoded?.elements?.last == ["seq": 9])
        #expect(body.decoded?.elements?[1]["unreadable"]?.text?.contains("line 1, column") == true)
    }

    @Test("of many lines the first fifty are shown")
    func manyLines() {
        let text = (1...60).map { "{\"seq\":\($0)}\n" }.joined()
        let elements = ShownBody(Array(text.utf8)).decoded?.elements ?? []
        #expect(elements.count == ShownBody.linesMax && elements.last == ["seq": 50])
    }

    @Test("what is no text is shown as base64 only", arguments: [[0xFF, 0xFE], [0xC3] as [UInt8]])
    func bytes(_ bytes: [UInt8]) {
        let body = ShownBody(bytes)
        #expect(body.text == nil && body.decoded == nil && body.base64 == bytes.base64 && !body.isCut)
    }

    @Test("text that is no JSON is only text", arguments: ["", "hello", "hello\nthere"])
    func text(_ text: String) {
        let body = ShownBody(Array(text.utf8))
        #expect(body.text == text && body.decoded == nil)
    }

    @Test("a long text is cut at a whole character, and a very large body is not repeated")
    func long() {
        let long = ShownBody(Array(("a" + String(repeating: "é", count: 40_000)).utf8))
        #expect(long.isCut && long.text?.utf8.count == ShownBody.textBytesMax - 1 && long.text?.last == "é")
        #expect(long.base64 != nil && long.decoded == nil)
        let line = "{\"x\":\"\(String(repeating: "y", count: 3_000))\"}\n"
        let large = ShownBody(Array(String(repeating: line, count: 400).utf8))
        // Only lines that are whole within the limit.
        #expect(large.base64 == nil && large.isCut && large.decoded?.elements?.count == 21)
        #expect(large.decoded?.elements?.allSatisfy { $0["x"] != nil } == true)
    }

    @Test("JSON that is nested too deeply is not decoded")
    func deep() {
        let text = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        #expect(ShownBody(Array(text.utf8)).decoded == nil)
    }

    @Test(
        "base64 is that of RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func base64(_ text: String, _ encoded: String) {
        #expect(Array(text.utf8).base64 == encoded)
        #expect([UInt8](base64: encoded) == Array(text.utf8))
    }

    @Test("base64 of every byte comes back, and is what Python makes of them")
    func everyByte() async throws {
        let bytes = (0...255).map { UInt8($0) }
        #expect([UInt8](base64: bytes.base64) == bytes)
        let said = try await Subprocess.run(
            "/usr/bin/python3", ["-c", "import base64; print(base64.b64encode(bytes(range(256))).decode())"])
        #expect(said.split(separator: "\n").first.map(String.init) == bytes.base64)
    }

    @Test(
        "what is not base64 is refused",
        arguments: ["Zg", "Zg=", "Z===", "====", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zg==Zg==", "Zm_v", "=Zg="])
    func noBase64(_ text: String) {
        #expect([UInt8](base64: text) == nil)
    }

    @Test("a header that JSON has no word for names its kind, and every table is in order")
    func headers() {
        let field = Field.table([
            "b": .timestamp(5), "a": .array([.int(-1), .void, .bool(true)]), "c": .double(.nan), "d": .bytes([0xFF]),
            "e": .double(2.5), "f": .decimal(scale: 2, value: 150),
        ])
        let text = String(decoding: field.json.serialized(), as: UTF8.self)
        #expect(
            text == #"{"a":[-1,null,true],"b":{"timestamp":"5"},"c":{"double":"nan"},"d":{"bytesBase64":"/w=="},"#
                + #""e":2.5,"f":{"decimal":"150e-2"}}"#)
    }

    @Test("a page grows with small letters and shrinks to a single one with large letters")
    func pace() {
        var pace = PagePace(lettersMax: 1000)
        #expect(pace.letters == 16)
        pace.read(bytes: 16 * 100)
        #expect(pace.letters == 64)
        for _ in 1...5 { pace.read(bytes: pace.letters * 100) }
        #expect(pace.letters == 1000)
        pace.read(bytes: 1000 * 1000)
        #expect(pace.letters == 262)
        pace.read(bytes: 262 << 20)
        #expect(pace.letters == 1)
        pace.read(bytes: 0)
        #expect(pace.letters == 4)
    }
}
