import CareRecord
import Storage

/// The names that an index entry has as a FHIR resource.
extension IndexedEntry {
    private static let idCharactersMax = 64
    private static let hashCharacters = 22

    /// `source.id`; where that is longer than a FHIR id may be, a hash stands for the id.
    var fhirID: String {
        let id = "\(source).\(resource.id)"
        guard id.utf8.count > Self.idCharactersMax else { return id }
        return "\(source).\(SHA256.digest(Array(resource.id.utf8)).hexadecimal.prefix(Self.hashCharacters))"
    }

    /// Whether the id leads back to the entry.
    var isNamedInFull: Bool { "\(source).\(resource.id)".utf8.count <= Self.idCharactersMax }

    /// The same for the same version of the entry, wherever it is composed.
    var urn: String { "urn:uuid:\(uuid)" }

    private var uuid: String { UUIDText.of(SHA256.digest(Array("\(source)|\(resource.reference)|\(seq)".utf8))) }
}

/// Universally unique identifiers as text (RFC 9562).
enum UUIDText {
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return of((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// Of the first 16 bytes, less the six bits that say which kind it is.
    static func of(_ bytes: [UInt8]) -> String {
        var bytes = Array(bytes.prefix(16))
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array(bytes.hexadecimal)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}
