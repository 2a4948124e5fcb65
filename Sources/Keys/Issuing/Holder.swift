package import CareRecord
import Glibc
package import Topology
import X509

/// Whom a certificate is for.
package enum Holder: Sendable, Hashable {
    /// A worker, which logs in to brokers as the user that its certificate names: the HIE's identifier.
    case hie(HIEIdentifier)
    /// A region's broker, which shows workers that it has these DNS names.
    case broker(region: String, names: [String])

    static let hies = "hies"
    static let brokers = "brokers"
    /// Of a DNS name (RFC 1035, section 2.3.4).
    private static let nameMaxCharacters = 253

    var folder: String {
        switch self {
        case .hie: Self.hies
        case .broker: Self.brokers
        }
    }

    /// Of its files, without their ending.
    var name: String {
        switch self {
        case .hie(let hie): hie.text
        case .broker(let region, _): region
        }
    }

    var names: [String] {
        switch self {
        case .hie: []
        case .broker(_, let names): names
        }
    }

    /// A broker's is a text that is nobody's account.
    var subject: DistinguishedName {
        get throws {
            switch self {
            case .hie(let hie): try DistinguishedName { CommonName(hie.text) }
            case .broker(let region, _): try DistinguishedName { CommonName("Wherry broker \(region)") }
            }
        }
    }

    /// What the certificate is good for: what a request asks for, too.
    var extensions: Certificate.Extensions {
        get throws {
            try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                switch self {
                case .hie: try ExtendedKeyUsage([.clientAuth])
                case .broker: try ExtendedKeyUsage([.serverAuth])
                }
                if !names.isEmpty { SubjectAlternativeNames(names.map { .dnsName($0) }) }
            }
        }
    }

    /// The broker of a region: workers may reach it by any name of its addresses, and by `more`.
    ///
    /// IP addresses among the addresses are left out and returned: workers never accept a certificate for one.
    package static func broker(
        of region: Region, more: [String]
    ) throws(KeysError) -> (holder: Holder, addresses: [String]) {
        let hosts = region.broker.hosts
        let addresses = hosts.filter(isAddress)
        var names: [String] = []
        for host in hosts.filter({ !isAddress($0) }) + more where !names.contains(host) { names.append(host) }
        for name in names { try check(name) }
        guard !names.isEmpty else {
            throw KeysError(
                .refused,
                """
                the broker of \(region.id) has no DNS name, only \(addresses.joined(separator: ", ")), and workers \
                accept no certificate for an IP address: write a name into the topology file, or give one with --dns
                """)
        }
        return (.broker(region: region.id, names: names), addresses)
    }

    /// Refuses what no certificate can be issued for.
    package static func check(_ name: String) throws(KeysError) {
        if isAddress(name) {
            throw KeysError(
                .refused, "\(name) is an IP address, which workers accept no certificate for: give a DNS name")
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isName =
            name.utf8.count <= nameMaxCharacters
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { $0 == UInt8(ascii: "-") || Self.isLetterOrDigit($0) }
            }
        guard isName else {
            throw KeysError(.refused, "\(name.debugDescription) is no DNS name: letters, digits, hyphens and dots")
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    private static func isAddress(_ host: String) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        return inet_pton(AF_INET, host, &bytes) == 1 || inet_pton(AF_INET6, host, &bytes) == 1
    }
}
