import CareRecord
import Testing

@Suite("JSON")
struct JSONTests {
    @Test(
        "every kind of value is read",
        arguments: [
            ("null", JSON.null), ("true", true), (" false\n", false), ("\"a\"", "a"), ("[]", []), ("{}", [:]),
            ("[1,[2]]", [1, [2]]), ("{\"a\":{\"b\":null}}", ["a": ["b": .null]]), ("\u{FEFF}1", 1),
            ("1.50", .number("1.50")), ("-0", .number("-0")), ("1E+10", .number("1E+10")),
            ("12345678901234567890.0001e-7", .number("12345678901234567890.0001e-7")),
        ] as [(String, JSON)])
    func values(text: String, value: JSON) throws {
        #expect(try JSON.parse(Array(text.utf8)) == value)
    }

    @Test(
        "every escape is read, and written only where it must be",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t", #""\"\\/\b\f\n\r\t""#),
            (#""\u0041\u00e9\u20AC\ud83d\ude00""#, "Aé€😀", "\"Aé€😀\""),
            (#""\u0000\u001f\u007f""#, "\0\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
            ("\"Zoë Łukasz 😀\"", "Zoë Łukasz 😀", "\"Zoë Łukasz 😀\""),
        ])
    func escapes(text: String, value: String, written: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        #expect(json == .string(value))
        #expect(String(decoding: json.serialized(), as: UTF8.self) == written)
    }

    @Test(
        "what breaks the grammar is refused with its place",
        arguments: [
            ("", JSONError.Reason.truncated, 1, 1), ("{", .truncated, 1, 2), ("[1", .truncated, 1, 3),
            ("\"a", .truncated, 1, 3), ("\"a\\", .truncated, 1, 4), ("tru", .truncated, 1, 4), ("-", .truncated, 1, 2),
            ("{\"a\"", .truncated, 1, 5), ("\"\\u12", .truncated, 1, 6),
            ("[1,]", .expected("a value"), 1, 4), ("{\"a\":1,}", .expected("a member name in double quotes"), 1, 8),
            ("{a:1}", .expected("a member name in double quotes"), 1, 2),
            ("{\n \"a\" 1}", .expected("a colon"), 2, 6), ("[1 2]", .expected("a comma or a closing bracket"), 1, 4),
            ("{\"a\":1 \"b\":2}", .expected("a comma or a closing brace"), 1, 8),
            ("1.x", .expected("a digit"), 1, 3), ("1ex", .expected("a digit"), 1, 3),
            ("+1", .expected("a value"), 1, 1),
            (".5", .expected("a value"), 1, 1), ("NaN", .expected("a value"), 1, 1),
            ("nul!", .expected("true, false or null"), 1, 4), ("01", .trailingBytes, 1, 2),
            ("1 2", .trailingBytes, 1, 3), ("{} x", .trailingBytes, 1, 4),
            ("\"\\u12g4\"", .expected("four hexadecimal digits"), 1, 6),
            ("\"\\ud800\"", .loneSurrogate, 1, 2), ("\"\\udc00\"", .loneSurrogate, 1, 2),
            ("\"\\ud800\\u0041\"", .loneSurrogate, 1, 2), ("\"\\ud800x\"", .loneSurrogate, 1, 2),
            ("\"a\nb\"", .controlCharacter, 1, 3), ("[\n{\"a\":1,\"a\":2}]", .duplicateName, 2, 8),
            ("[\"\\x\"]", .expected("one of the escapes \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"), 1, 4),
        ])
    func broken(text: String, reason: JSONError.Reason, line: Int, column: Int) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array(text.utf8)) }
        #expect(error?.reason == reason)
        #expect(error?.line == line)
        #expect(error?.column == column)
    }

    @Test(
        "bytes that are not UTF-8 are refused",
        arguments: [[0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xFF]]
            as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let error = #expect(throws: JSONError.self) { try JSON.parse([quote] + bytes + [quote]) }
        #expect(error?.reason == .invalidUTF8)
        let escaped = Array(#""\n"#.utf8) + bytes + [quote]
        #expect(throws: JSONError.self) { try JSON.parse(escaped) }
    }

    @Test("a name is found again among many", arguments: [2, 16, 17, 18, 500])
    func duplicates(count: Int) throws {
        let members = (0..<count).map { "\"m\($0)\":1" }.joined(separator: ",")
        #expect(try JSON.parse(Array("{\(members)}".utf8)).object?.members.count == count)
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array("{\(members),\"m1\":1}".utf8)) }
        #expect(error?.reason == .duplicateName)
    }

    @Test("nesting is allowed up to the limit and no further", arguments: [1, 64, 256])
    func depth(limit: Int) throws {
        let limits = JSONLimits(depthMax: limit)
        func nested(_ open: String, _ close: String, _ depth: Int) -> [UInt8] {
            Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
        }
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            #expect(throws: Never.self) { try JSON.parse(nested(open, close, limit), limits: limits) }
            let error = #expect(throws: JSONError.self) {
                try JSON.parse(nested(open, close, limit + 1), limits: limits)
            }
            #expect(error?.reason == .tooDeep(limit: limit))
        }
        #expect(throws: JSONError.self) { try JSON.parse(Array(repeating: UInt8(ascii: "["), count: 1_000_000)) }
    }

    @Test("a limit beyond what the stack bears is lowered to it")
    func depthCeiling() {
        #expect(JSONLimits(depthMax: 1_000_000).depthMax == JSONLimits.depthCeiling)
    }

    @Test("writing keeps the order of members and the text of numbers")
    func identity() throws {
        let text = #"{"z":1.50,"a":[true,false,null,{"k":"v"},[]],"m":{},"e":-1E-9}"#
        #expect(try JSON.parse(Array(text.utf8)).serialized() == Array(text.utf8))
    }

    @Test("members are read, set and removed by name")
    func members() {
        var object = JSONObject()
        object["a"] = 1
        object["b"] = "x"
        object["a"] = 2
        #expect(JSON.object(object) == ["a": 2, "b": "x"])
        object["a"] = nil
        #expect(JSON.object(object)["b"]?.text == "x")
        #expect(JSON.object(object)["a"] == nil)
        #expect(JSON.number("12").integer == 12 && JSON.number("1.0").integer == nil && JSON.bool(true).bool == true)
    }

    @Test("an error says where and what to mend, and nothing of the input")
    func errorText() {
        let error = #expect(throws: JSONError.self) { try JSON.parse(Array("{\"name\":\"secret\",\n\"name\":1}".utf8)) }
        #expect(error?.description == "line 2, column 1: a member name that this object has already")
    }
}
