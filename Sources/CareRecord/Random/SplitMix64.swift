/// A small generator of random numbers whose sequence is fixed by its seed on every machine and in every version
/// (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
///
/// The choices below are ours and not the standard library's, whose ways of choosing may change between versions.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        state = seed
    }

    /// A generator for one thing of many, such as one patient of a population.
    package init(seed: UInt64, stream: UInt64) {
        state = Self.mix(seed) ^ Self.mix(stream &+ 0x632B_E59B_D9B4_E019)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mix(state)
    }

    /// One of 0 ..< bound.
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "there is something to choose from")
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    package mutating func within(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.count)
    }

    /// True this often in a hundred times.
    package mutating func chance(percent: Int) -> Bool { below(100) < percent }

    /// `choices` has at least one element.
    package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }

    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
