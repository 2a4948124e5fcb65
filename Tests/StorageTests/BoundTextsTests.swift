import Testing

@testable import Storage

@Suite("Texts that are bound") struct BoundTextsTests {
    private func keep(_ text: String, in texts: BoundTexts) -> UnsafeRawPointer? {
        Array(text.utf8).withUnsafeBytes { texts.keep($0) }
    }

    private func read(_ place: UnsafeRawPointer?, _ count: Int) -> String? {
        place.map { String(decoding: UnsafeRawBufferPointer(start: $0, count: count), as: UTF8.self) }
    }

    @Test("each stays where it is until all are forgotten, and one that finds no room is not kept")
    func room() {
        let texts = BoundTexts()
        let first = keep("Asthma", in: texts)
        let empty = keep("", in: texts)
        let rest = String(repeating: "x", count: BoundTexts.bytesMax - 6)
        let last = keep(rest, in: texts)
        #expect(read(first, 6) == "Asthma" && empty != nil && read(last, rest.utf8.count) == rest)
        #expect(keep("y", in: texts) == nil && keep("", in: texts) != nil)
        texts.removeAll()
        #expect(read(keep("Eczema", in: texts), 6) == "Eczema")
    }
}
