import CareRecord

/// Where an HIE's patients live.
struct Neighbourhood: Sendable {
    let hie: HIEIdentifier
    let region: String
    /// Postcode districts.
    let districts: [String]

    /// The ten HIEs of London, the largest first within each region.
    static let london: [Neighbourhood] = [
        ("barts", "nel", ["E1", "E2", "E3", "E13", "E17"]),
        ("homerton", "nel", ["E5", "E8", "E9", "N16"]),
        ("bhrut", "nel", ["IG1", "IG11", "RM1", "RM7"]),
        ("lewisham-greenwich", "sel", ["SE6", "SE10", "SE13", "SE18"]),
        ("kingston", "swl", ["KT1", "KT2", "TW10"]),
        ("st-georges", "swl", ["SW11", "SW12", "SW17", "SW18"]),
        ("croydon", "swl", ["CR0", "CR2", "CR7"]),
        ("ncl", "ncl", ["N1", "N7", "N15", "NW1", "NW3"]),
        ("imperial", "nwl", ["W2", "W6", "W12", "NW10"]),
        ("chelsea-westminster", "nwl", ["SW10", "SW3", "TW7", "TW3"]),
    ].compactMap { id, region, districts in
        HIEIdentifier(id).map { Neighbourhood(hie: $0, region: region, districts: districts) }
    }

    /// That of an HIE anywhere: where it is not known, patients live all over London.
    static func of(_ hie: HIEIdentifier) -> Neighbourhood {
        london.first { $0.hie == hie }
            ?? Neighbourhood(hie: hie, region: hie.text, districts: london.flatMap(\.districts))
    }
}
