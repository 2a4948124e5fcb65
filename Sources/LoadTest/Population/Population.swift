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

    /// `hies` are those among which the patients live; they are London's unless others are named. At least one.
    package init(seed: UInt64, patients: Int, hies: [HIEIdentifier] = Population.londonHIEs) {
        precondition(patients >= 0 && !hies.isEmpty, "a population has patients who live somewhere")
        self.seed = seed
        self.patients = patients
        neighbourhoods = hies.map(Neighbourhood.of)
    }

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
        var random = SplitMix64(seed: seed ^ 0x4849_4573, stream: UInt64(patient))
        var others = neighbourhoods
        let home = others.remove(at: random.below(others.count))
        var known = [home.hie]
        let more = [0, 0, 0, 0, 1, 1, 1, 2, 2, 3]
        for _ in 0..<min(random.pick(more), others.count) {
            let near = others.indices.filter { others[$0].region == home.region }
            let isNear = random.chance(percent: 60) && !near.isEmpty
            known.append(others.remove(at: isNear ? random.pick(near) : random.below(others.count)).hie)
        }
        return known
    }

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

    private func chart(of patient: Int, at hie: HIEIdentifier) -> Chart {
        let known = hies(knowing: patient)
        var random = SplitMix64(seed: seed, stream: UInt64(patient))
        let person = Person(
            nhsNumber: nhsNumber(patient: patient), home: Neighbourhood.of(known[0]), today: Self.today, &random)
        let place = hie.text.utf8.reduce(UInt64(patient)) { $0 &* 0x0000_0100_0000_01B3 ^ UInt64($1) }
        return Chart(
            person: person, idPrefix: "\(hie)-\(patient)-", isHome: known[0] == hie, today: Self.today,
            random: SplitMix64(seed: seed, stream: place))
    }
}
