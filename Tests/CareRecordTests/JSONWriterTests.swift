import CareRecord
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    @Test("members, elements and nesting come out with commas where they belong, and nil not at all")
    func nesting() throws {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("absent", nil as String?)
            writer.member("text", "a\"b")
            writer.member("count", -7)
            writer.member("flag", false)
            writer.member("value", ["k": .null] as JSON)
            writer.member("raw", raw: Array("[1]".utf8))
            writer.array("list") { writer in
                writer.element("x")
                writer.element(2)
                writer.element(["deep": [1, 2]] as JSON)
                writer.element(raw: Array("{}".utf8))
                writer.object { $0.member("n", 1) }
                writer.array { _ in }
            }
            writer.object("empty") { _ in }
        }
        let expected =
            #"{"text":"a\"b","count":-7,"flag":false,"value":{"k":null},"raw":[1],"#
            + #""list":["x",2,{"deep":[1,2]},{},{"n":1},[]],"empty":{}}"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
        #expect(throws: Never.self) { try JSON.parse(writer.bytes) }
    }

    @Test("lines stand by themselves, and a cleared writer begins again")
    func lines() {
        var writer = JSONWriter()
        for value in 1...2 {
            writer.object { $0.member("v", value) }
            writer.newline()
        }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "{\"v\":1}\n{\"v\":2}\n")
        writer.removeAll()
        writer.array { $0.element(Int64.min) }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "[-9223372036854775808]")
    }

    @Test("numbers of every length, and what others have written")
    func pieces() throws {
        for value in [0, 7, 10, -1, 1_000_000, Int64.max, Int64.min] {
            var writer = JSONWriter()
            writer.object { $0.member("n", value) }
            #expect(String(decoding: writer.bytes, as: UTF8.self) == "{\"n\":\(value)}")
        }
        var list = JSONWriter()
        list.array { $0.element(1) }
        var writer = JSONWriter()
        writer.object { writer in
            for object in ["{}", #"{"a":"b"}"#, #"{"c":[]}"#] {
                Array(object.utf8).withUnsafeBytes { writer.members(raw: $0) }
            }
            writer.member("list", raw: list)
        }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":"b","c":[],"list":[1]}"#)
    }

    @Test("an object of plain texts and a list may be told as it is, and nothing else")
    func plain() {
        func isPlain(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes(JSON.isPlainObjectWithList) }
        let good = #"{"family":"O'Neil","given":["Ada","B"],"deceased":"true"}"#
        #expect(isPlain(good) && isPlain(#"{"given":[]}"#))
        for count in 0..<good.utf8.count { #expect(!isPlain(String(good.prefix(count)))) }
        for text in [
            good + " ", "{}", "[]", #"{"family":"A"}"#, #"{"given":["A",]}"#, #"{"given":["A"],}"#, #"{"given":[1]}"#,
            #"{"given":["Ørsted"]}"#, #"{"given":["a\"b"]}"#, "{\"given\":[\"a\u{1}\"]}", #"{given:[]}"#,
            #"{"given":[["A"]]}"#, #"{"given" :[]}"#, #"{"given":{}}"#, #"{"given":["A"}"#,
        ] {
            #expect(!isPlain(text), "\(text)")
        }
    }

    @Test("every character that has to be escaped is, wherever it stands in a text")
    func escapes() throws {
        for scalar in (0..<0x80).compactMap(Unicode.Scalar.init) + ["\u{80}", "é", "€", "🚑"] {
            for length in 1...18 {
                for place in 0..<length {
                    var text = String(repeating: "~", count: place)
                    text.unicodeScalars.append(scalar)
                    text += String(repeating: " ", count: length - 1 - place)
                    var writer = JSONWriter()
                    writer.array { writer in
                        writer.element(text)
                        Array(text.utf8).withUnsafeBytes { utf8 in
                            writer.object { $0.member("t", utf8: utf8) }
                        }
                    }
                    #expect(try JSON.parse(writer.bytes) == [.string(text), ["t": .string(text)]])
                }
            }
        }
    }
}
