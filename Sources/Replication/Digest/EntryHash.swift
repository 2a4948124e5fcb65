package import CareRecord

/// The 64-bit hash of one entry in one version: over its key, its number and every fact, so that an entry which was
/// changed behind the index's back is told from the one that its source sent.
///
/// FNV-1a (Fowler, Noll, Vo), then a finalising mix so that every bit of the input moves every bit of the result. A
/// member that a later version adds to a change line has no part in it: old and new workers agree.
package struct EntryHash: Sendable {
    private var state: UInt64 = 0xcbf2_9ce4_8422_2325

    package static func of(_ key: EntryKey, seq: Int64, _ facts: Facts) -> UInt64 {
        var hash = EntryHash()
        hash.add(key.patient.value)
        hash.add(key.resource.type)
        hash.add(key.resource.id)
        hash.add(seq)
        hash.add(facts.category.rawValue)
        hash.add(facts.code)
        hash.add(facts.system)
        hash.add(facts.display)
        hash.add(facts.status)
        hash.add(facts.date)
        if let demographics = facts.demographics { hash.add(demographics) }
        return mix(hash.state)
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// No byte of UTF-8 is one of these, so that neighbouring texts never run together.
    private enum Mark {
        static let end: UInt8 = 0xFF
        static let absent: UInt8 = 0xFE
        static let demographics: UInt8 = 0xFD
    }

    private mutating func add(_ byte: UInt8) { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }

    private mutating func add(_ number: Int64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            add(UInt8(truncatingIfNeeded: UInt64(bitPattern: number) >> shift))
        }
    }

    private mutating func add(_ text: String?) {
        guard var text else { return add(Mark.absent) }
        var state = state
        text.withUTF8 { for byte in $0 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 } }
        self.state = state
        add(Mark.end)
    }

    private mutating func add(_ demographics: Demographics) {
        add(Mark.demographics)
        add(demographics.family)
        for name in demographics.given { add(name) }
        add(Mark.end)
        add(demographics.birthDate)
        add(demographics.gender)
        add(demographics.postalCode)
        add(demographics.deceased)
    }
}
