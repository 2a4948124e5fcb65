import CareRecord

/// What an index keeps of a population: entries that can be had in any order, each in about the time of reading it.
///
/// The facts are those of the resources of the population's first patients; the patients beyond have them again, under
/// their own numbers and ids. Every patient has the same number of entries, at one to four HIEs.
struct PatientSample: Sendable {
    static let entriesPerPatient = 20
    /// Patients whose resources are read.
    static let patientsRead = 2000
    /// Entries at each HIE that is not a patient's home.
    private static let visitEntries = 5

    private struct Entry: Sendable {
        let place: Int
        let number: Int
        let type: String
        let facts: Facts
    }

    let hies: [HIEIdentifier]
    private let population: Population
    /// By patient, ``entriesPerPatient`` each.
    private let entries: [Entry]

    /// Reads the records of as many patients as `entries` have, `patientsRead` at most.
    init(seed: UInt64, entries count: Int) {
        let patients = max(1, min(Self.patientsRead, count / Self.entriesPerPatient))
        let population = Population(seed: seed, patients: patients)
        self.population = population
        let hies = Population.londonHIEs
        self.hies = hies
        entries = (0..<patients).flatMap { patient in
            let known = population.hies(knowing: patient)
            let atHome = Self.entriesPerPatient - Self.visitEntries * (known.count - 1)
            return known.enumerated().flatMap { position, hie in
                Self.entries(
                    population, patient, at: hie, place: hies.firstIndex(of: hie) ?? 0,
                    count: position == 0 ? atHome : Self.visitEntries)
            }
        }
    }

    /// Patients with this many entries in all.
    static func patients(_ entries: Int) -> Int { (entries + entriesPerPatient - 1) / entriesPerPatient }

    func number(of patient: Int) -> NHSNumber { population.nhsNumber(patient: patient) }

    /// An entry by its number: those of patient 0 first. `place` is that of the source in `hies`.
    func entry(_ number: Int) -> (place: Int, key: EntryKey, facts: Facts) {
        let patient = number / Self.entriesPerPatient
        let entry = entries[number % entries.count]
        guard let key = ResourceKey(type: entry.type, id: "\(hies[entry.place])-\(patient)-\(entry.number)") else {
            preconditionFailure("an HIE, a patient and a number make an id")
        }
        return (entry.place, EntryKey(patient: self.number(of: patient), resource: key), entry.facts)
    }

    /// The first `count` entries at one HIE, the Patient first; where there are fewer, the others come again.
    private static func entries(
        _ population: Population, _ patient: Int, at hie: HIEIdentifier, place: Int, count: Int
    ) -> [Entry] {
        let read = Submission.read(population.bundle(patient: patient, at: hie)).operations.compactMap { operation in
            switch operation {
            case .put(let resource): resource.facts.map { (resource.key.type, $0) }
            case .delete: nil
            }
        }
        return (0..<count).map { number in
            let (type, facts) = read[number < read.count ? number : 1 + (number - 1) % (read.count - 1)]
            return Entry(place: place, number: number, type: type, facts: facts)
        }
    }
}
