package import CareRecord

/// The identity of one journal's numbering (design §1): the moment at which the numbering began and eight random
/// hexadecimal digits, as in `2026-11-22T17:03:05.123Z-9f03a1c2`.
///
/// Epochs of one source are ordered: the text sorts by time. Only the source's own clock takes part, and a source never
/// begins an epoch that sorts below its previous one.
package struct Epoch: Sendable, Hashable, Comparable {
    package static let lengthMaxBytes = 64

    package let text: String

    /// `nil` unless `text` is 1 to 64 letters, digits, `:`, `.` or `-`.
    package init?(_ text: String) {
        guard (1...Self.lengthMaxBytes).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            return nil
        }
        self.text = text
    }

    /// The epoch that begins at `moment`.
    package init(beginning moment: Timestamp, using generator: inout some RandomNumberGenerator) {
        let suffix = String(generator.next() as UInt32, radix: 16)
        text = "\(moment.text)-" + String(repeating: "0", count: 8 - suffix.count) + suffix
    }

    /// The epoch that begins at `moment`, or a millisecond after `last` where the clock has not got there.
    ///
    /// `nil` where `last` says no moment, or one more than `aheadMaxMilliseconds` from now: no worker of this journal
    /// began it.
    package static func following(
        _ last: Epoch, at moment: Timestamp, using generator: inout some RandomNumberGenerator
    ) -> Epoch? {
        let next = Epoch(beginning: moment, using: &generator)
        if next > last { return next }
        guard let begun = Timestamp(text: last.text.prefix(Self.momentLength)),
            begun.since(moment) <= Self.aheadMaxMilliseconds
        else { return nil }
        return Epoch(beginning: Timestamp(milliseconds: begun.milliseconds + 1), using: &generator)
    }

    /// A year: a clock that was further ahead than that when an epoch began needs an operator.
    package static let aheadMaxMilliseconds: Int64 = 366 * 86_400_000
    private static let momentLength = 24

    package static func < (left: Epoch, right: Epoch) -> Bool { left.text < right.text }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension Epoch: CustomStringConvertible {
    package var description: String { text }
}
