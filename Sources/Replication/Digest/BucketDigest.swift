package import CareRecord

/// A digest of one journal's live entries: per bucket of patients, the XOR of a 64-bit hash of (entry key, seq).
///
/// Source and subscriber keep one each; equal content gives equal digests whatever the order in which it arrived, and
/// putting and removing the same entry cancels out.
package struct BucketDigest: Sendable, Hashable {
    package static let bucketCount = 256

    private var buckets: [UInt64]

    package init() { buckets = Array(repeating: 0, count: Self.bucketCount) }

    /// Reads the form that `bytes` gives; `nil` for any other length.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.bucketCount * 8 else { return nil }
        self.init()
        for (position, byte) in bytes.enumerated() {
            buckets[position / 8] |= UInt64(byte) << (8 * UInt64(position % 8))
        }
    }

    /// The buckets in order, each as eight bytes, least significant first.
    package var bytes: [UInt8] {
        buckets.flatMap { bucket in (0..<8).map { UInt8(truncatingIfNeeded: bucket >> (8 * UInt64($0))) } }
    }

    /// All buckets in one number.
    package var total: UInt64 { buckets.reduce(0, ^) }

    /// The total as 16 hexadecimal digits, the form of a pulse.
    package var text: String {
        let digits = String(total, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Adds the entry, or removes it if it was added before.
    package mutating func toggle(_ key: EntryKey, seq: Int64) {
        buckets[Self.bucket(of: key.patient)] ^= Self.hash(key, seq: seq)
    }

    package static func bucket(of patient: NHSNumber) -> Int {
        Int(mix(UInt64(bitPattern: patient.value)) % UInt64(bucketCount))
    }

    /// FNV-1a over patient, type, `/`, id and seq, then a finalising mix so that every bit of the input moves every
    /// bit of the result.
    package static func hash(_ key: EntryKey, seq: Int64) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        func add(_ number: Int64) {
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                add(UInt8(truncatingIfNeeded: UInt64(bitPattern: number) >> shift))
            }
        }
        add(key.patient.value)
        for byte in key.resource.type.utf8 { add(byte) }
        add(UInt8(ascii: "/"))
        for byte in key.resource.id.utf8 { add(byte) }
        add(seq)
        return mix(hash)
    }

    /// The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
