/// What one FHIR input may cost. The number of its bytes is for the caller to bound, lines of NDJSON excepted.
package struct FHIRLimits: Sendable, Hashable {
    /// Entries of one bundle.
    package var entriesMax = 100_000
    /// Levels of JSON within each other.
    package var depthMax = 64
    /// Bytes of one line of NDJSON.
    package var lineBytesMax = 16 << 20

    package init() {}

    /// Bytes of a code, a system or a status that goes into the index.
    package static let codeBytesMax = 255
    /// Characters of a display text or a name that goes into the index; longer ones are cut.
    package static let displayCharactersMax = 256
    /// Bytes of the same, for texts of many bytes a character.
    package static let displayBytesMax = 1_024
    /// Given names that go into the index.
    package static let givenNamesMax = 10
}
