extension JSON {
    /// The value as compact UTF-8: no white space, members in their order, so equal values give equal bytes.
    package func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.element(self)
        return writer.bytes
    }
}
