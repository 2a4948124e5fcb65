package import CareRecord

/// What an answer says about one HIE: how complete it is (design §7, promise P3).
package enum CoverageState: Sendable, Hashable {
    case complete
    case behind(changes: Int64)
    /// Everything is applied, and yet the digests differ: buckets are being mended.
    case differing
    /// No pulse since that moment; `nil` when none was ever received.
    case silent(since: Timestamp?)
    case held(deadLetters: Int)
    /// The first fill is under way.
    case joining(applied: Int64, of: Int64)
    /// In the topology, not yet connected.
    case planned

    /// The word of the contract: `complete`, `behind`, `silent`, `held`, `joining`, `planned`.
    package var word: String {
        switch self {
        case .complete: "complete"
        case .behind, .differing: "behind"
        case .silent: "silent"
        case .held: "held"
        case .joining: "joining"
        case .planned: "planned"
        }
    }

    /// The reason in words, for an operator; `nil` when there is nothing to say.
    package var reason: String? {
        switch self {
        case .complete: nil
        case .behind(let changes): "\(changes) changes are not applied yet"
        case .differing: "entries differ from the source's: they are compared and mended"
        case .silent(let since?): "no pulse since \(since.text)"
        case .silent(nil): "no pulse received yet"
        case .held(let letters): "\(letters) dead letters wait for an operator"
        case .joining(let applied, let of): "first fill: \(applied) of \(of)"
        case .planned: "in the topology, not yet connected"
        }
    }
}

/// Everything an answer says about one HIE.
package struct SourceCoverage: Sendable, Hashable {
    package let hie: HIEIdentifier
    package let state: CoverageState
    package let asOf: Timestamp?
    package let watermark: Int64
    package let head: Int64?
    package let held: Int

    package init(
        hie: HIEIdentifier, state: CoverageState, asOf: Timestamp?, watermark: Int64, head: Int64?, held: Int
    ) {
        self.hie = hie
        self.state = state
        self.asOf = asOf
        self.watermark = watermark
        self.head = head
        self.held = held
    }

    /// Numbers of the journal that are not known to be applied; `nil` while the head is unknown.
    package var behind: Int64? { head.map { max(0, $0 - watermark) } }
}
