package import CareRecord
package import Topology

/// What is run, on what, and with whose help.
package struct LoadRunSettings: Sendable {
    /// Where brokers come from.
    package enum Brokers: Sendable {
        /// Private ones, as many as the profile asks for; the path of `Scripts/broker`.
        case started(script: String)
        /// One that runs, for every region; it is left running.
        case running(url: String)
    }

    /// Where workers come from.
    package enum Workers: Sendable {
        /// Started for the run and ended with it.
        case started(Topology, Brokers)
        /// These run already and are left running. The broker's URL is needed for bad messages alone.
        case running([LoadTarget], connected: [HIEIdentifier], brokerURL: String?)
        /// A growing index sees to itself.
        case unneeded
    }

    package let profile: LoadProfile
    package let workers: Workers
    /// The `wherry` that workers are started with.
    package let executable: String
    /// The directory of everything that is started; made where it is missing.
    package let directory: String
    /// What is left of the directory.
    package var keeping = PrivateBroker.Keeping.nothing
    /// Of Wherry.
    package let version: String
    /// The root of the source tree; `nil` outside one.
    package var sourceTree: String?
    /// What is to be said beside the figures.
    package var remarks: [String] = []

    /// Refuses what cannot be run.
    package init(
        profile: LoadProfile, workers: Workers, executable: String, directory: String, version: String
    ) throws(LoadTestError) {
        self.profile = profile
        self.workers = workers
        self.executable = executable
        self.directory = directory
        self.version = version
        switch workers {
        case .started(let topology, let brokers): try Self.check(profile, topology, brokers)
        case .running(let targets, _, let brokerURL):
            try Self.check(profile, onRunningWorkersOf: brokerURL)
            try Self.check(targets)
        case .unneeded: break
        }
    }

    /// How many brokers the run knows.
    var brokerCount: Int {
        switch workers {
        case .started(_, .started): profile.brokers
        case .started(_, .running): 1
        case .running, .unneeded: 0
        }
    }

    private static func check(
        _ profile: LoadProfile, _ topology: Topology, _ brokers: Brokers
    ) throws(LoadTestError) {
        let isPrivate =
            switch brokers {
            case .started: true
            case .running: false
            }
        let cut = try RunTopology(topology, hies: profile.hies, brokers: isPrivate ? profile.brokers : 1)
        if profile.kind == .bulk, profile.hies < 2 {
            throw LoadTestError(.refused, "a bulk load has a source and at least one subscriber: write hies: 2")
        }
        let brokerNames = (1...max(1, profile.brokers)).map { "broker-\($0)" }
        for fault in profile.faults {
            if fault.kind.isOfBroker, !isPrivate {
                throw LoadTestError(
                    .refused,
                    "the profile has faults of brokers, and the one given with --broker-url is left alone: "
                        + "leave --broker-url out, or take these faults out of the profile")
            }
            let known = fault.kind.isOfBroker ? brokerNames : cut.hies.map(\.text)
            guard known.contains(fault.target) else {
                throw LoadTestError(
                    .refused,
                    "the fault \(fault.kind.rawValue) is about \(fault.target), which is not in this run: it has "
                        + known.joined(separator: ", "))
            }
            guard fault.atMilliseconds < profile.durationMilliseconds else {
                throw LoadTestError(
                    .refused,
                    "the fault \(fault.kind.rawValue) of \(fault.target) comes after \(fault.atMilliseconds / 1000) s, "
                        + "and the load has ended by then: let it take longer")
            }
        }
    }

    /// Refuses what cannot be done to workers that run already.
    package static func check(
        _ profile: LoadProfile, onRunningWorkersOf brokerURL: String?
    ) throws(LoadTestError) {
        guard profile.faults.isEmpty else {
            throw LoadTestError(
                .refused,
                "the profile has faults, and workers given with --to are left alone: leave --to out, or take "
                    + "the faults out of the profile")
        }
        switch profile.kind {
        case .mesh: break
        case .bulk, .growth:
            throw LoadTestError(
                .refused, "a profile of kind \(profile.kind.rawValue) starts and ends its own workers: leave --to out")
        }
        if (profile.badMessagesPerSecond ?? 0) > 0, brokerURL == nil {
            throw LoadTestError(
                .refused, "the profile publishes bad messages to the broker: say where it is with --broker-url")
        }
    }

    private static func check(_ targets: [LoadTarget]) throws(LoadTestError) {
        var seen: Set<HIEIdentifier> = []
        if let twice = targets.first(where: { !seen.insert($0.hie).inserted }) {
            throw LoadTestError(.refused, "two of the URLs lead to a worker of \(twice.hie): give one for each HIE")
        }
    }
}
