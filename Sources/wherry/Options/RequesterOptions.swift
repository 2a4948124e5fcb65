import ArgumentParser
import Replication

/// Who reads a patient's record and what for.
struct RequesterOptions: ParsableArguments {
    @Option(help: .init("Who asks, as the access trails of both ends keep it.", valueName: "text"))
    var person: String?

    @Option(help: .init("In which role.", valueName: "text"))
    var role: String?

    @Option(help: .init("On whose behalf.", valueName: "text"))
    var organisation: String?

    @Option(help: .init("What for, such as direct-care.", valueName: "text"))
    var purpose: String?

    mutating func validate() throws {
        let texts = [
            ("--person", person), ("--role", role), ("--organisation", organisation), ("--purpose", purpose),
        ]
        for (name, text) in texts {
            guard let text else { continue }
            guard Requester(person: text, role: text, organisation: text, purpose: text) != nil else {
                throw ValidationError(
                    "\(name) has 1 to \(Requester.textMaxBytes) bytes and no control characters")
            }
        }
    }

    /// The headers of a request; what is not said is left out.
    var headers: [(name: String, value: String)] {
        [
            ("Wherry-Person", person), ("Wherry-Role", role), ("Wherry-Organisation", organisation),
            ("Wherry-Purpose", purpose),
        ].compactMap { name, text in text.map { (name, $0) } }
    }
}
