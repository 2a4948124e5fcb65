package import CareRecord

/// A digest of one source's live entries: per bucket of patients, the XOR of their hashes (`EntryHash`).
///
/// Source and subscriber keep one each; equal content gives equal digests whatever the order in which it arrived, and
/// putting and removing the same entry cancels out. Buckets that differ say where to look.
package struct BucketDigest: Sendable, Equatable {
    package static let bucketCount = 256

    /// Empty while every bucket is zero.
    private var buckets: [UInt64] = []

    package init() {}

    /// Reads the form that `bytes` gives; `nil` for any other length.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.bucketCount * 8 else { return nil }
        // Every transaction of a store reads one.
        buckets = bytes.withUnsafeBytes { bytes in
            (0..<Self.bucketCount).map { bucket in
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * bucket, as: UInt64.self))
            }
        }
    }

    /// Reads the form that `hexadecimal` gives; `nil` for anything else.
    package init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { byte in Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init) }
        guard digits.count == Self.bucketCount * 16, digits.count == text.utf8.count else { return nil }
        self.init(bytes: (0..<Self.bucketCount * 8).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] })
    }

    /// The buckets in order, each as eight bytes, least significant first.
    package var bytes: [UInt8] {
        guard !buckets.isEmpty else { return [UInt8](repeating: 0, count: Self.bucketCount * 8) }
        return buckets.map(\.littleEndian).withUnsafeBytes { Array($0) }
    }

    /// `bytes` in hexadecimal digits, for a message that a person can read.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package subscript(bucket: Int) -> UInt64 {
        get { buckets.isEmpty ? 0 : buckets[bucket] }
        set {
            if buckets.isEmpty {
                if newValue == 0 { return }
                buckets = Array(repeating: 0, count: Self.bucketCount)
            }
            buckets[bucket] = newValue
        }
    }

    /// All buckets in one number.
    package var total: UInt64 { buckets.reduce(0, ^) }

    /// The total as 16 hexadecimal digits, the form of a pulse.
    package var text: String { Self.text(of: total) }

    package static func text(of total: UInt64) -> String {
        let digits = String(total, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Adds the entry with this hash, or removes it if it was added before.
    package mutating func toggle(_ patient: NHSNumber, hash: UInt64) {
        self[Self.bucket(of: patient)] ^= hash
    }

    /// The buckets in which the two differ, in order.
    package func differences(from other: BucketDigest) -> [Int] {
        (0..<Self.bucketCount).filter { self[$0] != other[$0] }
    }

    /// Adds the difference of two digests, whatever was toggled since those were taken.
    package mutating func add(_ difference: BucketDigest) {
        for bucket in 0..<Self.bucketCount { self[bucket] ^= difference[bucket] }
    }

    package static func bucket(of patient: NHSNumber) -> Int {
        Int(EntryHash.mix(UInt64(bitPattern: patient.value)) % UInt64(bucketCount))
    }

    package static func == (left: BucketDigest, right: BucketDigest) -> Bool {
        left.buckets == right.buckets || left.differences(from: right).isEmpty
    }
}
