import ArgumentParser
import CareRecord
import Keys
import Worker

/// Shows what certificates say, and whether they can be used.
struct PKIShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show certificates: whose they are, until when, and whether they can be used.",
        discussion: """
            A certificate X.pem is compared with the key X.key where that is beside it; those of --dir with its \
            authority, too. One that ends within 30 days expires soon.

            Exit status 1 when one cannot be used; one that expires soon still can.
            """)

    @Option(
        help: .init("The directory of an authority and of what it has issued.", valueName: "dir"),
        completion: .directory)
    var dir: String?

    @Argument(help: .init("Files of certificates in PEM form.", valueName: "file"), completion: .file())
    var files: [String] = []

    @OptionGroup var output: OutputOptions

    mutating func validate() throws {
        guard (dir == nil) != files.isEmpty else { throw ValidationError("give either --dir or files to show") }
    }

    func run() async throws {
        let now = WallClock.system.now
        let inspections =
            if let dir {
                try Inspection.of(KeyDirectory(path: dir), now: now)
            } else {
                files.flatMap { Inspection.of(file: $0, now: now) }
            }
        if output.isJSON {
            try Terminal.print(json: ["certificates": inspections.map { Shown($0, now) }])
        } else {
            Self.print(inspections, now)
        }
        for inspection in inspections {
            if let reason = inspection.reason { Terminal.printError(reason) }
        }
        if !inspections.allSatisfy(\.state.isUsable) { throw CommandFailure.alreadyReported }
    }

    private static func print(_ inspections: [Inspection], _ now: Timestamp) {
        var table = Table(
            .init("File"), .init("Subject"), .init("Issuer"), .init("Names"), .init("From"), .init("Until"),
            .init("Days left", .right), .init("State"))
        for inspection in inspections {
            let facts = inspection.facts
            let style: Style = inspection.state == .valid ? .green : inspection.state.isUsable ? .yellow : .red
            table.append(
                .init(inspection.file), .init(facts?.subject ?? ""), .init(facts?.issuer ?? ""),
                .init(facts?.names.joined(separator: " ") ?? ""), .init(facts?.from.text ?? ""),
                .init(facts?.until.text ?? ""), .init(facts.map { "\($0.daysLeft(at: now))" } ?? ""),
                .init(inspection.state.words, style))
        }
        table.print()
    }
}

/// One certificate in JSON; what cannot be read has neither names nor times.
private struct Shown: Encodable {
    let file, state: String
    let subject, issuer, serial: String?
    let names: [String]?
    let from, until: String?
    let daysLeft: Int?
    let reason: String?

    init(_ inspection: Inspection, _ now: Timestamp) {
        file = inspection.file
        state = inspection.state.rawValue
        subject = inspection.facts?.subject
        issuer = inspection.facts?.issuer
        serial = inspection.facts?.serial
        names = inspection.facts?.names
        from = inspection.facts?.from.text
        until = inspection.facts?.until.text
        daysLeft = inspection.facts?.daysLeft(at: now)
        reason = inspection.reason
    }
}
