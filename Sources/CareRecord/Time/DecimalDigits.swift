extension UnsafeMutableBufferPointer<UInt8> {
    /// Writes the last so many decimal digits of a number that is not negative.
    func write(_ number: Int, at place: Int, digits: Int) {
        var rest = number
        for index in stride(from: place + digits - 1, through: place, by: -1) {
            self[index] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}
