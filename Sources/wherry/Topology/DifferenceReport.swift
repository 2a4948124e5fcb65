import Topology

/// What differs on each broker, for people and as JSON.
///
/// The JSON: `{"inSync", "brokers": [{"broker", "addresses", "missing": [{"kind","name"}], "different": [{"kind",
/// "name","properties": [{"name","expected","actual"}],"advice"}], "extra": [{"kind","name"}], "error"}]}`.
struct DifferenceReport {
    /// The words of the verb that prints it.
    struct Words {
        let missing: String
        let different: String
        let extra: String

        static let plan = Words(missing: "to create", different: "in conflict", extra: "no longer wanted (--prune)")
        static let drift = Words(missing: "missing", different: "different", extra: "extra")
    }

    typealias Outcome = (link: BrokerLink, outcome: Result<BrokerDifference, TopologyError>)

    let outcomes: [Outcome]
    let words: Words

    /// Whether every broker answered and none differs.
    var isInSync: Bool {
        outcomes.allSatisfy { outcome in
            if case .success(let difference) = outcome.outcome { difference.isEmpty } else { false }
        }
    }

    var errors: [TopologyError] {
        outcomes.compactMap { outcome in
            if case .failure(let error) = outcome.outcome { error } else { nil }
        }
    }

    func print() {
        var table = Table(.init("Broker"), .init(""), .init("Object"), .init("Name"), .init("Detail"))
        var (missing, different, extra) = (0, 0, 0)
        for case (let link, .success(let difference)) in outcomes {
            for object in difference.missing.named + difference.accounts.missing.map(\.named) {
                table.append("\(link.name)", .init("+", .green), "\(object.kind)", "\(object.name)", "")
                missing += 1
            }
            for conflict in difference.conflicts + difference.accounts.conflicts {
                let detail = conflict.properties
                    .map { "\($0.name) is \($0.actual), should be \($0.expected)" }.joined(separator: "; ")
                table.append(
                    "\(link.name)", .init("!", .red), "\(conflict.kind.rawValue)", "\(conflict.name)",
                    "\(detail): \(conflict.advice)")
                different += 1
            }
            for object in difference.stale.named + difference.accounts.stale.map(\.named) {
                table.append("\(link.name)", .init("-", .yellow), "\(object.kind)", "\(object.name)", "")
                extra += 1
            }
        }
        if !table.isEmpty { table.print() }
        let read = outcomes.count - errors.count
        let brokers = errors.isEmpty ? "\(read)" : "\(read) of \(outcomes.count)"
        Terminal.print(
            "\(brokers) \(outcomes.count == 1 ? "broker" : "brokers") read: \(missing) \(words.missing), "
                + "\(different) \(words.different), \(extra) \(words.extra)")
        for error in errors { Terminal.printError(error.description) }
    }

    var json: some Encodable { Form(inSync: isInSync, brokers: outcomes.map(Form.Broker.init)) }

    private struct Form: Encodable {
        let inSync: Bool
        let brokers: [Broker]

        struct Broker: Encodable {
            let broker: String
            let addresses: [String]
            let missing: [Object]
            let different: [Conflict]
            let extra: [Object]
            let error: String?

            init(_ outcome: Outcome) {
                broker = outcome.link.name
                addresses = outcome.link.shownAddresses
                switch outcome.outcome {
                case .success(let difference):
                    missing = difference.missing.named + difference.accounts.missing.map(\.named)
                    different = (difference.conflicts + difference.accounts.conflicts).map(Conflict.init)
                    extra = difference.stale.named + difference.accounts.stale.map(\.named)
                    error = nil
                case .failure(let failure):
                    (missing, different, extra) = ([], [], [])
                    error = failure.description
                }
            }
        }

        struct Conflict: Encodable {
            let kind, name, advice: String
            let properties: [Property]

            init(_ conflict: BrokerDifference.Conflict) {
                kind = conflict.kind.rawValue
                name = conflict.name
                advice = conflict.advice
                properties = conflict.properties.map {
                    Property(name: $0.name, expected: $0.expected, actual: $0.actual)
                }
            }
        }

        struct Property: Encodable {
            let name, expected, actual: String
        }
    }

    struct Object: Encodable {
        let kind, name: String
    }
}

extension BrokerObjects {
    /// Every object with its kind, in the order in which they are declared.
    var named: [DifferenceReport.Object] {
        exchanges.map { .init(kind: "exchange", name: $0.name) }
            + queues.map { .init(kind: "queue", name: $0.name) }
            + bindings.map { .init(kind: "binding", name: $0.description) }
    }
}

extension BrokerAccount {
    var named: DifferenceReport.Object { .init(kind: "account", name: name) }
}
