/// The bounds on what a profile may ask for: each is well above what one machine can do, and keeps a slip of the
/// keyboard from filling its disk.
enum LoadProfileLimits {
    static let aboutMaxCharacters = 300
    static let hies = 1...50
    static let brokers = 1...10
    /// There are no more distinct NHS numbers in the range for tests.
    static let patients = 0...Population.patientsMax
    static let warmUpMilliseconds: ClosedRange<Int64> = 0...600_000
    static let durationMilliseconds: ClosedRange<Int64> = 1000...86_400_000
    /// Of a stream, a second.
    static let rate = 0.0...100_000.0
    static let batch = 1...1000
    static let percent = 0...100
    static let deadlineMilliseconds: ClosedRange<Int64> = 1...30_000
    static let bulkChanges = 1...10_000_000
    static let messageChanges = 1...10_000
    static let size = 1000...20_000_000
    static let sizesMax = 12
    static let faultsMax = 100
    static let faultMilliseconds: ClosedRange<Int64> = 100...86_400_000
    static let criteriaMax = 100
    static let bound = 0.0...1_000_000_000_000.0
}
