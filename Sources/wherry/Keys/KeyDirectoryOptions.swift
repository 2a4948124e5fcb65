import ArgumentParser
import Keys

/// Where keys and certificates are kept.
struct KeyDirectoryOptions: ParsableArguments {
    @Option(
        name: .customLong("dir"),
        help: .init("The directory of the authority and of what it issues; for its owner only.", valueName: "dir"),
        completion: .directory)
    var path: String

    var directory: KeyDirectory { KeyDirectory(path: path) }
}

/// How long a certificate is good for.
enum Lifetime {
    static let daysMax = 36_500

    static func check(_ days: Int) throws {
        guard (1...daysMax).contains(days) else { throw ValidationError("--days is a number from 1 to \(daysMax)") }
    }
}
