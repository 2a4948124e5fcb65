/// Memory for the texts of one row while a statement runs: SQLite would otherwise make and free a copy of each.
final class BoundTexts {
    /// The texts of a longer row are copied by SQLite.
    static let bytesMax = 16_384

    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytesMax, alignment: 1)
    private var used = 0

    deinit { memory.deallocate() }

    /// Where the bytes are kept; `nil` where they find no room.
    func keep(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
        guard bytes.count <= memory.count - used, let start = memory.baseAddress else { return nil }
        let place = start + used
        if let source = bytes.baseAddress { place.copyMemory(from: source, byteCount: bytes.count) }
        used += bytes.count
        return UnsafeRawPointer(place)
    }

    /// Forgets the texts: no statement that they are bound to runs again with them.
    func removeAll() { used = 0 }
}
