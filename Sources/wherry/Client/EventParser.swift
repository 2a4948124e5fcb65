/// A server-sent event. `name` is `message` where the server gives none.
struct ServerEvent: Sendable, Hashable {
    let name: String
    let data: [UInt8]
}

/// Reads server-sent events from bytes that come in pieces of any size (HTML Living Standard §9.2.6).
///
/// An event without data is none, and one that the end of the stream cuts off is dropped. The fields `id` and `retry`
/// are for those who connect again, which nobody here does.
struct EventParser: Sendable {
    /// An event is larger than this reader takes.
    struct TooLarge: Error {
        let bytesMax: Int
    }

    static let eventBytesMaxUsual = 64 << 20

    /// Of the data of one event and the line that is being read, together.
    private let eventBytesMax: Int
    private var line: [UInt8] = []
    private var name = ""
    /// Each line of the data with a line feed behind it.
    private var data: [UInt8] = []
    /// A line feed that comes next belongs to the line that a carriage return has ended.
    private var hasReturned = false
    private var isAtStart = true

    init(eventBytesMax: Int = eventBytesMaxUsual) { self.eventBytesMax = eventBytesMax }

    /// Returns the events that these bytes complete.
    mutating func take(_ bytes: [UInt8]) throws(TooLarge) -> [ServerEvent] {
        var events: [ServerEvent] = []
        var rest = bytes[...]
        if hasReturned, let first = rest.first {
            hasReturned = false
            if first == Self.lineFeed { rest.removeFirst() }
        }
        while let end = rest.firstIndex(where: { $0 == Self.lineFeed || $0 == Self.carriageReturn }) {
            try append(rest[..<end])
            if let event = endLine() { events.append(event) }
            var next = end + 1
            if rest[end] == Self.carriageReturn {
                if next == rest.endIndex {
                    hasReturned = true
                } else if rest[next] == Self.lineFeed {
                    next += 1
                }
            }
            rest = rest[next...]
        }
        try append(rest)
        return events
    }

    private mutating func append(_ part: ArraySlice<UInt8>) throws(TooLarge) {
        guard line.count + part.count + data.count <= eventBytesMax else { throw TooLarge(bytesMax: eventBytesMax) }
        line += part
    }

    /// Returns the event that the line completes.
    private mutating func endLine() -> ServerEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        var text = line[...]
        if isAtStart {
            isAtStart = false
            if text.starts(with: Self.byteOrderMark) { text = text.dropFirst(Self.byteOrderMark.count) }
        }
        guard !text.isEmpty else { return dispatch() }
        let field = text.prefix { $0 != UInt8(ascii: ":") }
        var value = text[field.endIndex...].dropFirst()
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        switch String(decoding: field, as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data": data += value + [Self.lineFeed]
        default: break
        }
        return nil
    }

    private mutating func dispatch() -> ServerEvent? {
        defer {
            name = ""
            data = []
        }
        guard !data.isEmpty else { return nil }
        return ServerEvent(name: name.isEmpty ? "message" : name, data: data.dropLast())
    }

    private static let lineFeed: UInt8 = 0x0A
    private static let carriageReturn: UInt8 = 0x0D
    /// U+FEFF in UTF-8.
    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}
