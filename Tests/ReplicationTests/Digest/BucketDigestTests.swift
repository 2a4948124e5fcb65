import CareRecord
import LoadTest
import TestSupport
import Testing

@testable import Replication

@Suite("Bucket digest") struct BucketDigestTests {
    private let patients = (1...40).map { FHIRFixture.number($0) }

    private func digest(_ entries: [(NHSNumber, UInt64)]) -> BucketDigest {
        var digest = BucketDigest()
        for (patient, hash) in entries { digest.toggle(patient, hash: hash) }
        return digest
    }

    private func entries(seed: UInt64) -> [(NHSNumber, UInt64)] {
        var random = SplitMix64(seed: seed)
        return (0..<500).map { _ in (random.pick(patients), random.next()) }
    }

    @Test("order does not matter, and what is toggled twice is gone") func cancels() {
        let entries = entries(seed: 1)
        #expect(digest(entries) == digest(entries.reversed()))
        #expect(digest(entries) != BucketDigest())
        #expect(digest(entries + entries.reversed()) == BucketDigest())
        #expect(digest(entries + entries).bytes == BucketDigest().bytes)
    }

    @Test("an entry is in the bucket of its patient and in no other") func buckets() {
        for patient in patients {
            let digest = digest([(patient, 7)])
            #expect(digest.differences(from: BucketDigest()) == [BucketDigest.bucket(of: patient)])
            #expect(digest.total == 7)
        }
        #expect(Set(patients.map(BucketDigest.bucket(of:))).count > 30)
    }

    @Test("the bucket of a patient is the published one: peers of every version must agree on it") func pinned() {
        #expect(patients.prefix(4).map(BucketDigest.bucket(of:)) == [167, 135, 60, 208])
    }

    @Test("bytes and hexadecimal digits are read back") func roundTrips() {
        for digest in [BucketDigest(), digest(entries(seed: 2))] {
            #expect(BucketDigest(bytes: digest.bytes) == digest)
            #expect(BucketDigest(hexadecimal: digest.hexadecimal) == digest)
            #expect(BucketDigest(hexadecimal: digest.hexadecimal.uppercased()) == digest)
            #expect(digest.hexadecimal.utf8.count == 4096)
            #expect(digest.text.utf8.count == 16)
            #expect(UInt64(digest.text, radix: 16) == digest.total)
        }
        var first = BucketDigest()
        first[0] = 0x0102_0304_0506_0708
        #expect(first.hexadecimal.hasPrefix("0807060504030201"))
        #expect(first.text == "0102030405060708")
    }

    @Test("other lengths and other characters are refused") func refused() {
        let digest = digest(entries(seed: 3))
        #expect(BucketDigest(bytes: Array(digest.bytes.dropLast())) == nil)
        #expect(BucketDigest(bytes: digest.bytes + [0]) == nil)
        #expect(BucketDigest(bytes: []) == nil)
        let digits = digest.hexadecimal
        for text in ["", String(digits.dropLast()), digits + "0", "g" + digits.dropFirst(), "é" + digits.dropFirst(2)] {
            #expect(BucketDigest(hexadecimal: text) == nil)
        }
    }

    @Test("the differences of two digests added to the one give the other") func differences() {
        let ours = digest(entries(seed: 4))
        var theirs = ours
        #expect(theirs.differences(from: ours) == [])
        for bucket in [0, 17, 255] { theirs[bucket] ^= 5 }
        #expect(theirs.differences(from: ours) == [0, 17, 255])
        var difference = ours
        difference.add(theirs)
        #expect(difference.differences(from: BucketDigest()) == [0, 17, 255])
        var mended = ours
        mended.add(difference)
        #expect(mended == theirs)
    }

    @Test("a digest that was never touched equals one of zeros") func empty() {
        var zeros = BucketDigest()
        zeros[3] = 1
        zeros[3] = 0
        #expect(zeros == BucketDigest())
        #expect(BucketDigest() == zeros)
        #expect(zeros.total == 0)
    }
}

@Suite("Bucket sets") struct BucketSetTests {
    @Test("numbers are kept in order, each once") func ordered() {
        #expect(BucketSet([255, 0, 7, 0, 255])?.numbers == [0, 7, 255])
        #expect(BucketSet.all.numbers == Array(0...255))
    }

    @Test(
        "none at all, or a number that is no bucket, is refused",
        arguments: [[], [-1], [256], [0, 256], [.min], [.max]] as [[Int]])
    func refused(numbers: [Int]) {
        #expect(BucketSet(numbers) == nil)
    }

    @Test("a patient is in the set of the own bucket only") func contains() {
        for number in Int64(1)...20 {
            let patient = FHIRFixture.number(number)
            let bucket = BucketDigest.bucket(of: patient)
            #expect(BucketSet([bucket])?.contains(patient) == true)
            #expect(BucketSet((0...255).filter { $0 != bucket })?.contains(patient) == false)
            #expect(BucketSet.all.contains(patient))
        }
    }
}
