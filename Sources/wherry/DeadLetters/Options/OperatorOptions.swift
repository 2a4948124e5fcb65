import ArgumentParser
import Foundation

/// Who does something with dead letters.
struct OperatorOptions: ParsableArguments {
    static let nameBytesMax = 200

    @Option(
        name: .customLong("operator"),
        help: .init("Who does this, as the letters' history keeps it (default: $USER).", valueName: "name"))
    var given: String?

    mutating func validate() throws { _ = try Self.name(given, ProcessInfo.processInfo.environment) }

    var name: String {
        guard let name = try? Self.name(given, ProcessInfo.processInfo.environment) else {
            preconditionFailure("the name was checked before")
        }
        return name
    }

    static func name(_ given: String?, _ environment: [String: String]) throws(ValidationError) -> String {
        guard let name = given ?? environment["USER"].flatMap({ $0.isEmpty ? nil : $0 }) else {
            throw ValidationError("who does this is not known: give --operator NAME")
        }
        guard isFit(name, bytesMax: nameBytesMax) else {
            throw ValidationError("--operator has 1 to \(nameBytesMax) bytes and no control characters")
        }
        return name
    }

    /// Whether a text can stand in a history.
    static func isFit(_ text: String, bytesMax: Int) -> Bool {
        (1...bytesMax).contains(text.utf8.count) && text.contains { !$0.isWhitespace }
            && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}

/// Why something is done.
struct ReasonOptions: ParsableArguments {
    @Option(help: .init("Why, as the letters' history keeps it.", valueName: "text"))
    var reason: String

    mutating func validate() throws { try Self.check(reason) }

    static func check(_ reason: String) throws {
        guard OperatorOptions.isFit(reason, bytesMax: LetterSelection.textBytesMax) else {
            throw ValidationError(
                "--reason has 1 to \(LetterSelection.textBytesMax) bytes and no control characters")
        }
    }
}
