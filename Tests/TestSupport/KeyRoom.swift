package import CareRecord
import Foundation
package import Keys
import LoadTest

/// A directory with an authority, and OpenSSL to check what is in it.
package struct KeyRoom: Sendable {
    /// When nothing else is said: a test's certificates are the same every day.
    package static let now = Timestamp(text: "2026-11-30T12:00:00.000Z") ?? Timestamp(milliseconds: 0)
    package static let day: Int64 = 86_400_000

    private let place: TemporaryDirectory
    package var path: String { place.file("keys") }
    package var directory: KeyDirectory { KeyDirectory(path: path) }
    package let barts = Self.hie("barts")
    package let nel = Holder.broker(region: "nel", names: ["broker.nel.example", "node2.nel.example"])

    /// With an authority, unless its lifetime is `nil`.
    package init(authorityDays: Int? = 3650, at now: Timestamp = Self.now) throws {
        place = try TemporaryDirectory()
        if let authorityDays {
            _ = try Authority.make(in: directory, name: "Test authority", days: authorityDays, now: now)
        }
    }

    package static func hie(_ text: String) -> Holder {
        guard let hie = HIEIdentifier(text) else { preconditionFailure("a fixture names an HIE") }
        return .hie(hie)
    }

    package static func after(days: Int64) -> Timestamp { Timestamp(milliseconds: now.milliseconds + days * day) }

    /// The machine's clock, so many days on.
    package static func present(days: Int64 = 0) -> Timestamp {
        Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000) + days * day)
    }

    package func file(_ name: String) -> String { "\(path)/\(name)" }

    package func text(_ name: String) throws -> String { try String(contentsOfFile: file(name), encoding: .utf8) }

    package func write(_ text: String, _ name: String) throws {
        try text.write(toFile: file(name), atomically: true, encoding: .utf8)
    }

    package func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: file(name)) }

    /// Gives a certificate and its key another name, for what would take their place.
    package func move(_ name: String, to other: String) throws {
        for ending in ["pem", "key"] {
            try FileManager.default.moveItem(atPath: file("\(name).\(ending)"), toPath: file("\(other).\(ending)"))
        }
    }

    @discardableResult
    package func issue(_ holder: Holder, days: Int = 90, at now: Timestamp = Self.now) throws -> IssuedCertificate {
        try Issuing(directory, days: days, now: now).certificates(for: [holder])[0]
    }

    /// What became of each: `hies/barts.pem renewed`.
    package func renew(
        _ choice: Renewal.Choice, keys: Renewal.Keys = .kept, days: Int? = nil, at now: Timestamp = Self.now
    ) throws -> [String] {
        try Renewal(directory, choice, keys: keys, days: days, now: now).run().map { line in
            "\(line.file.dropFirst(path.count + 1)) \(line.act.rawValue)"
        }
    }

    package func states(at now: Timestamp = Self.now) throws -> [CertificateState] {
        try Inspection.of(directory, now: now).map(\.state)
    }

    /// What OpenSSL prints; throws with what it says when it refuses.
    @discardableResult
    package func openssl(_ arguments: String...) async throws -> String { try await openssl(arguments) }

    @discardableResult
    package func openssl(_ arguments: [String]) async throws -> String {
        try await Subprocess.run("/usr/bin/openssl", arguments)
    }

    /// Of a file, or of the directory for "".
    package func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: name.isEmpty ? path : file(name))[.posixPermissions] as? Int
    }
}
