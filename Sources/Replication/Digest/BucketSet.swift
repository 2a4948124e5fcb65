package import CareRecord

/// Some of a digest's buckets.
package struct BucketSet: Sendable, Hashable {
    /// In order, each once.
    package let numbers: [Int]
    private let isMember: [Bool]

    /// `nil` unless there is at least one number and all are buckets.
    package init?(_ numbers: some Sequence<Int>) {
        var isMember = [Bool](repeating: false, count: BucketDigest.bucketCount)
        for number in numbers {
            guard isMember.indices.contains(number) else { return nil }
            isMember[number] = true
        }
        self.isMember = isMember
        self.numbers = isMember.indices.filter { isMember[$0] }
        if self.numbers.isEmpty { return nil }
    }

    package static let all = BucketSet(0..<BucketDigest.bucketCount)!  // all of them are buckets

    package func contains(_ patient: NHSNumber) -> Bool { isMember[BucketDigest.bucket(of: patient)] }
}
