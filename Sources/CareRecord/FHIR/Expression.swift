/// A place in an input. It is written as FHIRPath only when an issue needs it.
indirect enum Expression {
    case root(String)
    case member(Expression, String)
    case element(Expression, Int)

    /// Such as `Bundle.entry[3].resource.onsetDateTime`.
    var text: String {
        switch self {
        case .root(let text): text
        case .member(let parent, let name): "\(parent.text).\(name)"
        case .element(let parent, let index): "\(parent.text)[\(index)]"
        }
    }
}

extension OperationOutcome {
    mutating func append(_ severity: Issue.Severity, _ code: Issue.Code, at place: Expression, _ diagnostics: String) {
        append(Issue(severity, code, at: place.text, diagnostics))
    }
}
