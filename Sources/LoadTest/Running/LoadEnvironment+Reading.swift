import AMQP
import Foundation
import GRDBSQLite

extension LoadEnvironment {
    /// A command that is asked for a version takes no longer.
    private static let commandSecondsMax: Double = 10

    /// Where and on what this process runs. `broker` is asked for its versions; without one they are not known.
    static func read(_ settings: LoadRunSettings, broker: PrivateBroker?, hies: Int) async -> LoadEnvironment {
        var versions = [
            "wherry": settings.version, "sqlite": String(cString: sqlite3_libversion()),
            "librabbitmq": ClientLibrary.version, "kernel": kernel, "swift": compiler, "build": build.rawValue,
        ]
        if let broker {
            versions["rabbitmq"] = await answer(of: broker, "rabbit_misc:version().")
            versions["erlang"] = await answer(of: broker, "erlang:system_info(otp_release).")
        }
        var commit: String?
        if let tree = settings.sourceTree { commit = await Self.commit(of: tree) }
        return LoadEnvironment(
            versions: versions, cores: ProcessInfo.processInfo.activeProcessorCount,
            memoryMebibytes: Int(ProcessInfo.processInfo.physicalMemory >> 20),
            queueType: "quorum, one a subscriber and broker",
            durability: "accepted: on the source's disk (SQLite, synchronous=FULL); confirmed: on the broker's disk; "
                + "applied: in the subscriber's index (WAL, synchronous=NORMAL) before it is acknowledged",
            commit: commit, seed: settings.profile.seed, hies: hies, brokers: settings.brokerCount)
    }

    /// How this executable was built.
    enum Build: String {
        case debug
        case release
    }

    static var build: Build {
        #if DEBUG
            .debug
        #else
            .release
        #endif
    }

    /// The compiler's minor version, which is all that the language tells.
    private static var compiler: String {
        #if compiler(>=6.5)
            "6.5 or later"
        #elseif compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    private static var kernel: String {
        let text = try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)
        return text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? "unknown"
    }

    /// The broker prints a text as `"3.10.8"`.
    private static func answer(of broker: PrivateBroker, _ expression: String) async -> String {
        let said = (try? await broker.eval(expression)) ?? ""
        let text = said.filter { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" }
        return text.isEmpty ? "unknown" : text
    }

    /// With `+` where the tree differs from it.
    private static func commit(of tree: String) async -> String? {
        func git(_ arguments: String...) async -> String? {
            let said = try? await Subprocess.run(
                "/usr/bin/env", ["git", "-C", tree] + arguments, secondsMax: commandSecondsMax)
            return said?.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        guard let commit = await git("rev-parse", "--short=12", "HEAD"), !commit.isEmpty,
            let changes = await git("status", "--porcelain")
        else { return nil }
        return changes.isEmpty ? commit : "\(commit)+"
    }
}
