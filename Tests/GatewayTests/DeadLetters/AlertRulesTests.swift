import CareRecord
import Testing

@Suite("The alarms")
struct AlertRulesTests {
    @Test("each has what Prometheus asks for, a severity, a command to type and a place in the runbook")
    func form() async throws {
        let rules = try await AlertRules.read()
        #expect(Set(rules.groups).count == rules.groups.count && rules.rules.count > 10)
        for rule in rules.rules {
            #expect(rule.name.wholeMatch(of: /[A-Z][A-Za-z]+/) != nil, "\(rule.name)")
            let names = Set(rule.json.object?.members.map(\.name) ?? [])
            #expect(names.isSubset(of: ["alert", "expr", "for", "labels", "annotations"]), "\(rule.name)")
            if let time = rule.json["for"] {
                #expect(time.text?.wholeMatch(of: /[0-9]+[mh]/) != nil, "\(rule.name)")
            }
            #expect(["warning", "critical"].contains(rule.json["labels"]?["severity"]?.text), "\(rule.name)")
            let annotations = rule.json["annotations"]
            #expect(annotations?["summary"]?.text?.isEmpty == false, "\(rule.name)")
            let description = annotations?["description"]?.text ?? ""
            #expect(
                description.contains(/wherry |curl |rabbitmqctl |journalctl |GET http/), "\(rule.name): \(description)")
            #expect(
                annotations?["runbook_url"]?.text == "Docs/runbook.md#alarm-\(rule.name.lowercased())", "\(rule.name)")
            #expect(!rule.metrics.isEmpty, "\(rule.name)")
        }
    }

    @Test("a dead letter that waits an hour is a warning, and one that waits a day is critical")
    func waiting() async throws {
        let rules = try await AlertRules.read().rules.filter { $0.name == "DeadLetterWaiting" }
        #expect(rules.map { $0.json["labels"]?["severity"]?.text } == ["warning", "critical"])
        #expect(rules.map { $0.json["expr"]?.text?.split(separator: " ").last } == ["3600", "86400"])
        #expect(rules.allSatisfy { $0.metrics == ["wherry_dead_letters_oldest_age_seconds"] })
    }

    @Test("nothing is asked of the number of letters that are parked")
    func noDepth() async throws {
        for rule in try await AlertRules.read().rules { #expect(!rule.metrics.contains("wherry_dead_letters")) }
    }
}
