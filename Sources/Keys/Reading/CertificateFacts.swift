package import CareRecord
import Foundation
import X509

/// What a certificate says.
package struct CertificateFacts: Sendable, Hashable {
    /// Names in the form of RFC 4514, such as `CN=barts`.
    package let subject, issuer: String
    /// The user that a broker takes from it; `nil` for a certificate without one.
    package let commonName: String?
    /// DNS names.
    package let names: [String]
    /// Hexadecimal, as `openssl x509 -serial` prints it.
    package let serial: String
    package let from, until: Timestamp

    init(_ certificate: Certificate) {
        subject = certificate.subject.description
        issuer = certificate.issuer.description
        commonName = certificate.subject.commonName
        names = Self.names(in: certificate.extensions)
        serial = certificate.serialNumber.bytes.map { String(format: "%02X", $0) }.joined()
        from = Timestamp(certificate.notValidBefore)
        until = Timestamp(certificate.notValidAfter)
    }

    /// Whole days until its end; negative where it has ended.
    package func daysLeft(at now: Timestamp) -> Int {
        Int((Double(until.since(now)) / Double(Authority.dayMilliseconds)).rounded(.down))
    }

    /// By the clock alone.
    package func state(at now: Timestamp, soonMilliseconds: Int64 = CertificateState.soonMilliseconds)
        -> CertificateState
    {
        if until <= now { return .expired }
        if from > now { return .notYetValid }
        return until.since(now) < soonMilliseconds ? .expiresSoon : .valid
    }

    /// From when it was issued.
    var lifetimeMilliseconds: Int64 { max(0, until.since(from) - Authority.backDatingMilliseconds) }

    private static func names(in extensions: Certificate.Extensions) -> [String] {
        let names = try? extensions.subjectAlternativeNames
        return (names ?? nil)?.compactMap { name in
            switch name {
            case .dnsName(let text): text
            case .otherName, .rfc822Name, .x400Address, .directoryName, .ediPartyName, .uniformResourceIdentifier,
                .ipAddress, .registeredID:
                nil
            }
        } ?? []
    }
}

/// Whether a certificate can be used.
package enum CertificateState: String, Sendable, CaseIterable {
    case valid
    case expiresSoon
    case expired
    case notYetValid
    /// The key beside it is another one's.
    case wrongKey
    /// It is not signed by the directory's authority.
    case wrongAuthority
    case unreadable

    /// What "soon" means: long enough to have a certificate renewed by people who are not at hand.
    package static let soonMilliseconds: Int64 = 30 * 86_400_000

    package var isUsable: Bool { self == .valid || self == .expiresSoon }

    /// In words.
    package var words: String {
        switch self {
        case .valid: "valid"
        case .expiresSoon: "expires soon"
        case .expired: "expired"
        case .notYetValid: "not yet valid"
        case .wrongKey: "does not match its key"
        case .wrongAuthority: "is of another authority"
        case .unreadable: "unreadable"
        }
    }
}

extension DistinguishedName {
    /// The last one, where there are several.
    fileprivate var commonName: String? {
        for name in reversed() {
            for attribute in name where attribute.type == .RDNAttributeType.commonName {
                return String(attribute.value)
            }
        }
        return nil
    }
}

extension Timestamp {
    init(_ date: Date) { self.init(milliseconds: Int64((date.timeIntervalSince1970 * 1000).rounded())) }

    var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
