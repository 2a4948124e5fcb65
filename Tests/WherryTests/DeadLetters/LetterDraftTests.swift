import CareRecord
import Foundation
import Testing

@testable import wherry

@Suite("Editing a letter") struct LetterDraftTests {
    @Test("a header keeps its kind; a number and a word of JSON are what they look like, and quotes make a text")
    func headers() {
        func value(_ argument: String, _ current: JSON? = nil) -> JSON? {
            HeaderValue(argument)?.json(replacing: current)
        }
        #expect(value("n=12") == 12 && value("n=true") == true && value("n=1.50") == .number("1.50"))
        #expect(value("n=12", "old") == "12" && value(#"n="12""#) == "12" && value("n=12", 11) == 12)
        #expect(value("n=a=b") == "a=b" && value("n=") == "" && value("n=null") == "null" && value("n={}") == "{}")
        #expect(HeaderValue("n") == nil && HeaderValue("=x") == nil && HeaderValue("") == nil)
    }

    @Test("what is sent is what changes, and nothing else") func act() throws {
        var draft = LetterDraft(LetterSamples.page())
        #expect(!draft.isChanged && draft.diff == [])
        draft.after.body = Array(#"{"seq":43,"patient":"x"}"#.utf8)
        draft.set(try #require(HeaderValue("wherry-epoch=e2")))
        draft.set(try #require(HeaderValue("extra=1")))
        try draft.remove(header: "wherry-after")
        draft.after.type = "wherry.changes.v1"
        let json = draft.act(by: "ada", reason: "seq").json
        #expect(json["by"] == "ada" && json["reason"] == "seq")
        #expect(json["body"]?.text == #"{"seq":43,"patient":"x"}"# && json["bodyBase64"] == nil)
        #expect(json["headers"] == ["wherry-epoch": "e2", "extra": 1, "wherry-after": .null])
        #expect(json["type"] == nil && json["appId"] == nil && json["routingKey"] == nil)
        #expect(
            draft.diff == [
                #"-header wherry-epoch: "e1""#, #"+header wherry-epoch: "e2""#, "-header wherry-after: 41",
                "+header extra: 1", " {", #"-  "seq": 42,"#, #"+  "seq": 43,"#, #"   "patient": "x""#, " }",
            ])
        #expect(throws: CommandFailure.self) { try draft.remove(header: "none") }
    }

    @Test("a body that is no text is sent in base 64, and white space alone is a change too") func bytes() {
        var draft = LetterDraft(LetterSamples.page())
        draft.after.body = [0xFF, 0xFE]
        #expect(draft.act(by: "ada", reason: "r").json["bodyBase64"]?.text == "//4=")
        #expect(draft.act(by: "ada", reason: "r").json["body"] == nil)
        #expect(draft.diff.contains { $0.hasPrefix("+00000000  ff fe") })
        draft.after.body = draft.before.body + [0x0A]
        #expect(draft.isChanged && draft.diff == ["-(white space)", "+(white space)"])
    }

    @Test("a difference cannot control the terminal") func hostile() throws {
        var draft = LetterDraft(LetterSamples.page())
        draft.after.body = Array(LetterSamples.hostile.utf8)
        draft.after.type = LetterSamples.hostile
        draft.set(try #require(HeaderValue("\(LetterSamples.hostile)=\(LetterSamples.hostile)")))
        #expect(draft.diff.allSatisfy { LetterSamples.isHarmless($0) && !$0.contains("\n") })
    }

    @Test("in an editor one JSON value has lines, and goes back into one") func json() throws {
        let text = try #require(EditableText(Array("{\"a\": 1,\"b\":[1.50]}\n".utf8)))
        #expect(text.text == "{\n  \"a\": 1,\n  \"b\": [\n    1.50\n  ]\n}\n")
        #expect(text.read(Array(text.text.utf8)) == .unchanged)
        let edited = text.text.replacing("1.50", with: "1.5")
        #expect(text.read(Array(edited.utf8)) == .changed(Array("{\"a\":1,\"b\":[1.5]}\n".utf8)))
        guard case .broken(let reason) = text.read(Array("{\n  \"a\": 1,,\n}".utf8)) else {
            Issue.record("it is no JSON")
            return
        }
        #expect(reason.contains("line 2"))
    }

    @Test("in an editor other text is as it is, but for the end of the last line") func lines() throws {
        let text = try #require(EditableText(Array("{\"a\":1}\n{\"a\":2}".utf8)))
        #expect(text.text == "{\"a\":1}\n{\"a\":2}")
        #expect(text.read(Array("{\"a\":1}\n{\"a\":2}\n".utf8)) == .unchanged)
        #expect(text.read(Array("x\n".utf8)) == .changed(Array("x".utf8)))
        let ended = try #require(EditableText(Array("a\nb\n".utf8)))
        #expect(ended.read(Array("a\nc\n".utf8)) == .changed(Array("a\nc\n".utf8)))
        #expect(EditableText([0xFF]) == nil)
    }

    @Test("the file for an editor is its owner's alone, and is gone afterwards") func privateFile() throws {
        var place = ""
        do {
            let directory = try PrivateDirectory()
            place = directory.path
            let file = try directory.write([0x61], "letter.json")
            for (path, mode) in [(file, 0o600), (directory.path, 0o700)] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == mode)
            }
            try Data([0x62]).write(to: URL(filePath: directory.path + "/.letter.json.swp"))
        }
        #expect(!place.isEmpty && !FileManager.default.fileExists(atPath: place))
    }
}
