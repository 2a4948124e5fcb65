package import CareRecord

/// An invented population and the records that HIEs hold about it, for demonstrations and load tests.
///
/// Everything follows from the seed: the same patient at the same HIE is the same bytes in every run, whichever
/// patients are written before. Writing streams: nothing is kept.
package struct Population: Sendable {
    package enum Format: String, Sendable, CaseIterable {
        /// A transaction bundle a patient, one bundle a line.
        case bundles
        /// A resource a line.
        case ndjson
    }

    /// NHS numbers differ between this many patients; patients beyond have those of the first again.
    package static let patientsMax = 900_000

    package let seed: UInt64
    /// Patients are numbered 0 ..< patients.
    package let patients: Int
    private let neighbourhoods: [Neighbourhood]
    /// Of each neighbourhood: equal where the regions are.
    private let regions: [Int]

    /// `hies` are those among which the patients live; they are London's unless others are named. At least one.
    package init(seed: UInt64, patients: Int, hies: [HIEIdentifier] = Population.londonHIEs) {
        precondition(patients >= 0 && !hies.isEmpty, "a population has patients who live somewhere")
        self.seed = seed
        self.patients = patients
        let neighbourhoods = hies.map(Neighbourhood.of)
        self.neighbourhoods = neighbourhoods
        regions = neighbourhoods.map { one in neighbourhoods.firstIndex { $0.region == one.region } ?? 0 }
    }

    package var hies: [HIEIdentifier] { neighbourhoods.map(\.hie) }

    package static var londonHIEs: [HIEIdentifier] { Neighbourhood.london.map(\.hie) }

    /// The day on which the records end, so that they are the same whenever they are made: 30 June 2025.
    static let today = CalendarDay(number: 20_269)
}

// MARK: - Who is known where

extension Population {
    /// An NHS number of the test range 999.
    ///
    /// Every ten numbers in a row that differ in their ninth digit only have nine or ten with a check digit, since
    /// at most one of them would need ten: nine of each are used.
    package func nhsNumber(patient: Int) -> NHSNumber {
        // Neighbours in the population are no neighbours by number: the factor is prime, so this is a permutation.
        let max = Self.patientsMax
        let place = (patient % max * 524_287 + Int(seed % UInt64(max))) % max
        let decade = 999_000_000 + Int64(place / 9) * 10
        let valid = (0..<10).lazy.compactMap { NHSNumber(firstNine: decade + $0) }
        guard let number = valid.dropFirst(place % 9).first else {
            preconditionFailure("nine of ten have a check digit")
        }
        return number
    }

    /// The one to four HIEs that hold records of a patient, the home's first.
    package func hies(knowing patient: Int) -> [HIEIdentifier] {
        places(knowing: patient).map { neighbourhoods[$0].hie }
    }

    /// The same as places in the list of HIEs.
    func places(knowing patient: Int) -> [Int] {
        var random = SplitMix64(seed: seed ^ 0x4849_4573, stream: UInt64(patient))
        var others = Array(neighbourhoods.indices)
        let home = others.remove(at: random.below(others.count))
        var known = [home]
        for _ in 0..<min(random.pick(Self.moreKnown), others.count) {
            let isNear = { regions[$0] == regions[home] }
            let nearCount = others.count(where: isNear)
            let staysNear = random.chance(percent: 60) && nearCount > 0
            var skipped = random.below(staysNear ? nearCount : others.count)
            let chosen = others.firstIndex { place in
                guard !staysNear || isNear(place) else { return false }
                skipped -= 1
                return skipped < 0
            }
            guard let chosen else { preconditionFailure("there are more than were skipped") }
            known.append(others.remove(at: chosen))
        }
        return known
    }

    /// By how many HIEs beside the home a patient is known: one of these.
    private static let moreKnown = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]

    /// The patients of whom an HIE holds records, in ascending order.
    package func patients(knownTo hie: HIEIdentifier) -> some Sequence<Int> {
        (0..<patients).lazy.filter { hies(knowing: $0).contains(hie) }
    }
}

// MARK: - What is held

extension Population {
    /// A transaction bundle of everything that the HIE holds about a patient. Ids are `{hie}-{patient}-{n}`; loading
    /// it twice changes nothing. It is made for every HIE, whether it is said to know the patient or not.
    package func bundle(patient: Int, at hie: HIEIdentifier) -> [UInt8] {
        var writer = JSONWriter(capacity: 16_384)
        writeBundle(patient: patient, at: hie, into: &writer)
        return writer.bytes
    }

    /// Appends what the HIE holds about a patient, as whole lines.
    package func write(patient: Int, at hie: HIEIdentifier, as format: Format, into writer: inout JSONWriter) {
        switch format {
        case .bundles:
            writeBundle(patient: patient, at: hie, into: &writer)
            writer.newline()
        case .ndjson:
            var chart = chart(of: patient, at: hie)
            while let sheet = chart.next() {
                writer.object { chart.write(sheet, into: &$0) }
                writer.newline()
            }
        }
    }

    private func writeBundle(patient: Int, at hie: HIEIdentifier, into writer: inout JSONWriter) {
        var chart = chart(of: patient, at: hie)
        writer.object { writer in
            writer.member("resourceType", "Bundle")
            writer.member("type", "transaction")
            writer.array("entry") { writer in
                while let sheet = chart.next() {
                    let reference = "\(sheet.kind.rawValue)/\(sheet.id)"
                    writer.object { writer in
                        writer.member("fullUrl", "https://\(hie).wherry.example/fhir/\(reference)")
                        writer.object("resource") { chart.write(sheet, into: &$0) }
                        writer.object("request") { writer in
                            writer.member("method", "PUT")
                            writer.member("url", reference)
                        }
                    }
                }
            }
        }
    }

    func chart(of patient: Int, at hie: HIEIdentifier) -> Chart {
        let home = neighbourhoods[places(knowing: patient)[0]]
        var random = SplitMix64(seed: seed, stream: UInt64(patient))
        let person = Person(nhsNumber: nhsNumber(patient: patient), home: home, today: Self.today, &random)
        return Chart(
            person: person, idPrefix: "\(hie)-\(patient)-", isHome: home.hie == hie, today: Self.today,
            random: SplitMix64(seed: seed, stream: hie.stream(of: patient)))
    }
}

extension HIEIdentifier {
    /// The stream of random numbers of one thing of many at this HIE.
    func stream(of number: Int) -> UInt64 {
        text.utf8.reduce(UInt64(number)) { $0 &* 0x0000_0100_0000_01B3 ^ UInt64($1) }
    }
}
