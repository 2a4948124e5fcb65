import CareRecord

/// A page of what a search found (FHIR R4, resource Bundle of type searchset).
struct SearchBundle {
    struct Match {
        let fullURL: String
        let resource: JSON
    }

    let selfLink: String
    /// `nil` on the last page.
    let nextLink: String?
    /// On all pages.
    let total: Int
    let matches: [Match]
    /// What is to be said about the answer: warnings, never errors.
    let issues: [OperationOutcome.Issue]

    var json: JSON {
        var links: [JSON] = [["relation": "self", "url": .string(selfLink)]]
        if let nextLink { links.append(["relation": "next", "url": .string(nextLink)]) }
        var entries: [JSON] = matches.map { match in
            ["fullUrl": .string(match.fullURL), "resource": match.resource, "search": ["mode": "match"]]
        }
        if !said.isEmpty {
            entries.append(["resource": OperationOutcome(said).json(), "search": ["mode": "outcome"]])
        }
        var bundle: JSONObject = JSONObject()
        bundle["resourceType"] = "Bundle"
        bundle["type"] = "searchset"
        bundle["total"] = .number(String(total))
        bundle["link"] = .array(links)
        if !entries.isEmpty { bundle["entry"] = .array(entries) }
        return .object(bundle)
    }

    /// Nothing found is said in words, so that it is never mistaken for a failure.
    private var said: [OperationOutcome.Issue] {
        guard total == 0 else { return issues }
        let nothing = OperationOutcome.Issue(
            .information, .informational, at: "",
            issues.isEmpty
                ? "nothing is known at any HIE, and all of them are complete"
                : "nothing was found in what is known here")
        return issues + [nothing]
    }
}
