import CareRecord

extension JSON {
    /// The value over several lines, members in their order and numbers as they were written.
    var indentedLines: [String] {
        var lines: [String] = []
        append(to: &lines, depth: 0, before: "", after: "")
        return lines
    }

    /// The value in one line.
    var compactText: String { String(decoding: serialized(), as: UTF8.self) }

    /// The value of any number.
    var double: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }

    /// `null` is nothing.
    var present: JSON? { self == .null ? nil : self }

    private static let indent = "  "

    private func append(to lines: inout [String], depth: Int, before: String, after: String) {
        let indent = String(repeating: Self.indent, count: depth)
        switch self {
        case .array(let elements) where !elements.isEmpty:
            lines.append("\(indent)\(before)[")
            for (index, element) in elements.enumerated() {
                let comma = index < elements.count - 1 ? "," : ""
                element.append(to: &lines, depth: depth + 1, before: "", after: comma)
            }
            lines.append("\(indent)]\(after)")
        case .object(let object) where !object.members.isEmpty:
            lines.append("\(indent)\(before){")
            for (index, member) in object.members.enumerated() {
                let name = JSON.string(member.name).compactText
                let comma = index < object.members.count - 1 ? "," : ""
                member.value.append(to: &lines, depth: depth + 1, before: "\(name): ", after: comma)
            }
            lines.append("\(indent)}\(after)")
        case .null, .bool, .number, .string, .array, .object:
            lines.append("\(indent)\(before)\(compactText)\(after)")
        }
    }
}
