extension OperationOutcome {
    /// One thing found in an input, and what to do about it. It never holds a patient's data.
    package struct Issue: Sendable, Hashable {
        /// FHIR R4, value set issue-severity; the worst is the least.
        package enum Severity: String, Sendable, CaseIterable, Comparable {
            case fatal, error, warning, information

            package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

            private var rank: Int {
                switch self {
                case .fatal: 0
                case .error: 1
                case .warning: 2
                case .information: 3
                }
            }
        }

        /// FHIR R4, value set issue-type; those that Wherry uses.
        package enum Code: String, Sendable, CaseIterable {
            case structure, required, value, invalid, duplicate, processing, informational
            case notSupported = "not-supported"
            case notFound = "not-found"
            case tooLong = "too-long"
            case tooCostly = "too-costly"
            case businessRule = "business-rule"
            case codeInvalid = "code-invalid"
            case multipleMatches = "multiple-matches"
            case incomplete, deleted, transient, throttled, timeout, exception
        }

        package var severity: Severity
        package var code: Code
        /// FHIRPath to the place, such as `Bundle.entry[3].resource.onsetDateTime`; empty where no place fits.
        package var expression: String
        /// The reason and what to do.
        package var diagnostics: String

        /// The reason as a code, for programs.
        package var details: Details?

        /// A coding of `OperationOutcome.issue.details`.
        package struct Details: Sendable, Hashable {
            package let system: String
            package let code: String
            package let text: String

            package init(system: String, code: String, text: String) {
                self.system = system
                self.code = code
                self.text = text
            }
        }

        package init(_ severity: Severity, _ code: Code, at expression: String, _ diagnostics: String) {
            self.severity = severity
            self.code = code
            self.expression = expression
            self.diagnostics = diagnostics
        }

        /// An element of `OperationOutcome.issue`.
        package func json() -> JSON {
            var members = JSONObject()
            members["severity"] = .string(severity.rawValue)
            members["code"] = .string(code.rawValue)
            if let details {
                members["details"] = [
                    "coding": [["system": .string(details.system), "code": .string(details.code)]],
                    "text": .string(details.text),
                ]
            }
            members["diagnostics"] = .string(diagnostics)
            if !expression.isEmpty { members["expression"] = .array([.string(expression)]) }
            return .object(members)
        }
    }
}

extension OperationOutcome.Issue: CustomStringConvertible {
    package var description: String {
        expression.isEmpty ? "\(severity): \(diagnostics)" : "\(severity) at \(expression): \(diagnostics)"
    }
}
