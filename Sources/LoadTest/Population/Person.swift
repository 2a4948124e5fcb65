import CareRecord

/// Who a patient of the population is: the same at every HIE that knows the patient.
struct Person {
    let nhsNumber: NHSNumber
    let family: String
    let given: [String]
    /// FHIR administrative gender.
    let gender: String
    let birth: CalendarDay
    let death: CalendarDay?
    let postalCode: String

    private static let ageDaysMax = 97 * 365

    init(nhsNumber: NHSNumber, home: Neighbourhood, today: CalendarDay, _ random: inout SplitMix64) {
        self.nhsNumber = nhsNumber
        let community = random.pick(Community.all)
        let isWoman = random.chance(percent: 51)
        family = random.pick(community.families)
        let names = isWoman ? community.women : community.men
        let first = random.pick(names)
        let second = random.pick(names)
        given = random.chance(percent: 30) && first != second ? [first, second] : [first]
        gender = random.chance(percent: 1) ? "other" : isWoman ? "female" : "male"
        birth = today - random.within(0...Self.ageDaysMax)
        let daysSinceDeath = random.below(900)
        let hasDied = random.chance(percent: 2) && today - daysSinceDeath > birth
        death = hasDied ? today - daysSinceDeath : nil
        postalCode = random.pick(home.districts) + " " + Self.inwardCode(&random)
    }

    /// The letters are those that no inward code has, so that no postcode is anybody's.
    private static func inwardCode(_ random: inout SplitMix64) -> String {
        let letters = ["C", "I", "K", "M", "O", "V"]
        return "\(random.below(10))\(random.pick(letters))\(random.pick(letters))"
    }
}
