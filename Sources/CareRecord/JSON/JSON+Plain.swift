extension JSON {
    /// Whether `utf8` is one object whose members are texts and lists of texts, one list at least, in which every byte
    /// stands for itself, without blanks: such a one may be told as it is.
    package static func isPlainObjectWithList(_ utf8: UnsafeRawBufferPointer) -> Bool {
        var scan = PlainScan(utf8: utf8)
        return scan.object() && scan.place == utf8.count && scan.hasList
    }
}

private struct PlainScan {
    let utf8: UnsafeRawBufferPointer
    private(set) var place = 0
    private(set) var hasList = false

    mutating func object() -> Bool {
        guard take("{") else { return false }
        if take("}") { return true }
        repeat {
            guard text(), take(":"), text() || list() else { return false }
        } while take(",")
        return take("}")
    }

    private mutating func list() -> Bool {
        guard take("[") else { return false }
        hasList = true
        if take("]") { return true }
        repeat {
            guard text() else { return false }
        } while take(",")
        return take("]")
    }

    private mutating func text() -> Bool {
        guard take("\"") else { return false }
        let start = place
        while place < utf8.count, utf8[place] != UInt8(ascii: "\"") { place += 1 }
        return JSONWriter.isPlain(UnsafeRawBufferPointer(rebasing: utf8[start..<place])) && take("\"")
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard place < utf8.count, utf8[place] == UInt8(ascii: byte) else { return false }
        place += 1
        return true
    }
}
