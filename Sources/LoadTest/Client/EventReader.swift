/// Reads server-sent events (HTML Living Standard §9.2) from bytes as they come. Pure.
struct EventReader {
    /// A longer line is dropped, and what it belongs to is not told.
    static let lineBytesMax = 1 << 20

    struct Event: Equatable {
        let name: String
        let data: [UInt8]
    }

    private var line: [UInt8] = []
    private var isTooLong = false
    private var name = ""
    private var data: [UInt8]?

    mutating func read(_ bytes: some Sequence<UInt8>) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if let event = endLine() { events.append(event) }
            } else if line.count < Self.lineBytesMax {
                line.append(byte)
            } else {
                isTooLong = true
            }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer {
            line.removeAll(keepingCapacity: true)
            isTooLong = false
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        if isTooLong {
            data = nil
            return nil
        }
        guard !line.isEmpty else {
            defer {
                name = ""
                data = nil
            }
            return data.map { Event(name: name.isEmpty ? "message" : name, data: $0) }
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == 0x20 { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data": data = data.map { $0 + [UInt8(ascii: "\n")] + value } ?? Array(value)
        default: break  // a comment, or a field of no use here
        }
        return nil
    }
}
