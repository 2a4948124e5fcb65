import ArgumentParser

/// Letters a second: `50/s`, `0.5/s`, or `50`.
struct ReplayRate: ExpressibleByArgument, Sendable, Hashable {
    private static let perSecondMax = 1_000_000.0

    /// The number as it was typed.
    let text: String

    init?(argument: String) {
        let number = argument.hasSuffix("/s") ? String(argument.dropLast(2)) : argument
        guard let value = Double(number), value > 0, value <= Self.perSecondMax,
            number.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), number.first != ".", number.last != "."
        else { return nil }
        // A number of JSON has no zeros before it.
        guard number.count < 2 || number.first != "0" || number.dropFirst().first == "." else { return nil }
        text = number
    }
}

/// Whom a replay reaches, as flags.
enum ReplayTarget: String, EnumerableFlag, Sendable {
    case subscriber
    case everybody
    case local

    static func name(for value: ReplayTarget) -> NameSpecification {
        switch value {
        case .subscriber: .customLong("to-subscriber")
        case .everybody: .customLong("to-everybody")
        case .local: .customLong("local")
        }
    }

    static func help(for value: ReplayTarget) -> ArgumentHelp? {
        switch value {
        case .subscriber: "Through the broker, to this HIE alone (the usual)."
        case .everybody: "Through the broker, to all who subscribe to the sources."
        case .local: "Straight into this HIE's index, without a broker."
        }
    }
}
