import ArgumentParser

/// A length of time on the command line: `250ms`, `2s`, `5m`, `1h`, `90d`.
struct TimeSpan: ExpressibleByArgument, Sendable, Hashable {
    let milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    init?(argument: String) {
        let units: [(suffix: String, milliseconds: Int64)] = [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
        ]
        guard let unit = units.first(where: { argument.hasSuffix($0.suffix) }),
            let number = Double(argument.dropLast(unit.suffix.count)), number > 0, number < 1_000_000
        else { return nil }
        milliseconds = Int64(number * Double(unit.milliseconds))
    }

    var defaultValueDescription: String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }

    var duration: Duration { .milliseconds(milliseconds) }
}
