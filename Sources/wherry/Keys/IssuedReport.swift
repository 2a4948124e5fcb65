import CareRecord
import Keys

/// What was made, and what was not.
struct IssuedReport {
    private let certificates: [IssuedCertificate]

    init(_ certificates: [IssuedCertificate]) { self.certificates = certificates }

    /// Fails after it has said everything, when something was refused.
    func print(_ output: OutputOptions) throws {
        if output.isJSON {
            try Terminal.print(json: ["certificates": certificates.map(Line.init)])
        } else {
            printTable()
        }
        let refused = certificates.filter { $0.act == .refused }
        for certificate in refused { Terminal.printError(certificate.reason ?? "\(certificate.file) is refused") }
        if !refused.isEmpty { throw CommandFailure.alreadyReported }
    }

    private func printTable() {
        var table = Table(.init("File"), .init("Outcome"), .init("Until"), .init("Why"))
        for certificate in certificates {
            let style: Style =
                switch certificate.act {
                case .issued, .renewed, .requested: .green
                case .kept: .plain
                case .refused: .red
                }
            table.append(
                .init(certificate.file), .init(certificate.act.rawValue, style), .init(certificate.until?.text ?? ""),
                .init(certificate.act == .refused ? "" : certificate.reason ?? ""))
        }
        table.print()
    }

    private struct Line: Encodable {
        let file, outcome: String
        let until, reason: String?

        init(_ certificate: IssuedCertificate) {
            file = certificate.file
            outcome = certificate.act.rawValue
            until = certificate.until?.text
            reason = certificate.reason
        }
    }
}
