import CareRecord
import Foundation
import LoadTest
import TestSupport

/// `Docs/alerts/wherry.rules.yml`, as Python's YAML reader reads it.
struct AlertRules {
    struct Rule {
        let name: String
        let json: JSON
        /// The names of metrics in the expression.
        let metrics: Set<String>
    }

    let rules: [Rule]
    let groups: [String]

    static func read() async throws -> AlertRules {
        let text = try await Subprocess.run(
            "/usr/bin/python3",
            [
                "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1], encoding='utf-8'))))",
                packageDirectory + "/Docs/alerts/wherry.rules.yml",
            ])
        let json = try JSON.parse(Array(text.utf8))
        let groups = json["groups"]?.elements ?? []
        return AlertRules(
            rules: groups.flatMap { $0["rules"]?.elements ?? [] }.map(Rule.init),
            groups: groups.compactMap { $0["name"]?.text })
    }
}

extension AlertRules.Rule {
    init(_ json: JSON) {
        name = json["alert"]?.text ?? ""
        self.json = json
        let expression = (json["expr"]?.text ?? "").replacing(/\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)/, with: "")
        let words = expression.matches(of: /[a-z_:][a-z0-9_:]*/).map { String($0.0) }
        metrics = Set(words).subtracting(["max", "sum", "by", "increase", "changes", "time", "and", "or", "unless"])
    }
}
