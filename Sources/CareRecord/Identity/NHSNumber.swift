/// A valid NHS number: ten digits of which the last is a modulus 11 check digit
/// (NHS Data Dictionary, attribute NHS NUMBER).
///
/// It is held as an integer, because it is the leading key of the index. Its `description` hides the digits:
/// patient data never goes into logs; `text` gives them where they are wanted.
package struct NHSNumber: Sendable, Hashable, Comparable {
    /// The identifier system of an NHS number in FHIR (NHS England, FHIR identifier systems).
    package static let system = "https://fhir.nhs.uk/Id/nhs-number"

    /// The ten digits as a number, 0 … 9,999,999,999.
    package let value: Int64

    /// `nil` unless `text` is ten digits, spaces as in `999 000 0018` allowed, with the right check digit.
    package init?(_ text: some StringProtocol) {
        var digits = 0
        var value: Int64 = 0
        for character in text.utf8 {
            if character == UInt8(ascii: " ") { continue }
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character), digits < 10 else { return nil }
            digits += 1
            value = value * 10 + Int64(character - UInt8(ascii: "0"))
        }
        guard digits == 10 else { return nil }
        self.init(value: value)
    }

    /// `nil` unless `value` has at most ten digits and the right check digit.
    package init?(value: Int64) {
        guard (0...9_999_999_999).contains(value), value % 10 == Self.checkDigit(of: value / 10) else { return nil }
        self.value = value
    }

    /// The valid number with these first nine digits, or `nil` where none exists (the check digit would be ten).
    package init?(firstNine: Int64) {
        guard (0...999_999_999).contains(firstNine), let digit = Self.checkDigit(of: firstNine) else { return nil }
        value = firstNine * 10 + digit
    }

    /// The ten digits, leading zeros included.
    package var text: String {
        let digits = String(value)
        return String(repeating: "0", count: 10 - digits.count) + digits
    }

    package static func < (left: NHSNumber, right: NHSNumber) -> Bool { left.value < right.value }

    private static func checkDigit(of firstNine: Int64) -> Int64? {
        var rest = firstNine
        var sum: Int64 = 0
        for weight in Int64(2)...10 {
            sum += rest % 10 * weight
            rest /= 10
        }
        let digit = 11 - sum % 11
        return digit == 10 ? nil : digit % 11
    }
}

extension NHSNumber: CustomStringConvertible {
    package var description: String { "NHS number (hidden)" }
}
