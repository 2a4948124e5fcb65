/// Pairs each message's publication with its confirm, which may be told first.
struct ConfirmTimes {
    /// More are not waited for at a time; those beyond are not timed.
    private static let waitingMax = 256

    private var sentAt: [UInt64: ContinuousClock.Instant] = [:]
    private var confirmedAt: [UInt64: ContinuousClock.Instant] = [:]

    /// How long the message took, where its confirm is known already.
    mutating func sent(_ number: UInt64, at moment: ContinuousClock.Instant) -> Duration? {
        if let confirmed = confirmedAt.removeValue(forKey: number) { return confirmed - moment }
        if sentAt.count < Self.waitingMax { sentAt[number] = moment }
        return nil
    }

    mutating func confirmed(_ number: UInt64, at moment: ContinuousClock.Instant) -> Duration? {
        if let sent = sentAt.removeValue(forKey: number) { return moment - sent }
        if confirmedAt.count < Self.waitingMax { confirmedAt[number] = moment }
        return nil
    }
}
