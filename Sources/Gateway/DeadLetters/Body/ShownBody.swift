import CareRecord

/// A message's body as an operator sees it: as text, as base64, and as JSON, each within a limit.
struct ShownBody: Sendable {
    /// Of the body as text, and of what is decoded.
    static let textBytesMax = 64 << 10
    /// A larger body is not shown as base64: an export has it.
    static let base64BytesMax = 1 << 20
    static let linesMax = 50

    /// The beginning of the body; `nil` where the body is not UTF-8.
    let text: String?
    /// Whether the body goes on after ``text``.
    let isCut: Bool
    let base64: String?
    /// The body if it is JSON, or its first lines if each of them may be; `nil` for anything else.
    let decoded: JSON?

    init(_ body: [UInt8]) {
        let isText = String(validating: body, as: UTF8.self) != nil
        let beginning = isText ? Self.beginning(of: body) : body[..<0]
        text = isText ? String(decoding: beginning, as: UTF8.self) : nil
        isCut = isText && beginning.count < body.count
        base64 = body.count <= Self.base64BytesMax ? body.base64 : nil
        decoded = Self.decode(body)
    }

    /// As many whole characters of UTF-8 as the limit allows.
    private static func beginning(of body: [UInt8]) -> ArraySlice<UInt8> {
        guard body.count > textBytesMax else { return body[...] }
        var end = textBytesMax
        while end > 0, body[end] & 0xC0 == 0x80 { end -= 1 }
        return body[..<end]
    }

    private static func decode(_ body: [UInt8]) -> JSON? {
        if body.count <= textBytesMax, let json = try? JSON.parse(body) { return json }
        let lines = body.prefix(textBytesMax).split(separator: UInt8(ascii: "\n"), maxSplits: linesMax)
        let isCut = body.count > textBytesMax
        // The last of several may go on after the limit.
        let whole = isCut && lines.count <= linesMax ? lines.dropLast() : lines.prefix(linesMax)
        guard lines.count > 1 else { return nil }
        var elements: [JSON] = []
        var isAnyReadable = false
        for line in whole {
            do throws(JSONError) {
                elements.append(try JSON.parse(line))
                isAnyReadable = true
            } catch {
                elements.append(["unreadable": .string("\(error)")])
            }
        }
        return isAnyReadable ? .array(elements) : nil
    }
}
