import ArgumentParser
import CareRecord
import Foundation
import Gateway

/// Asks a worker, for a list of referrals, whether appointments have been given.
struct SafetyNetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "safety-net",
        abstract: "Check a list of referrals: has each patient been given an appointment, anywhere?",
        discussion: """
            The list is CSV: an NHS number and a referral date a row, in columns that a header names (nhsNumber, \
            referralDate) or in the first two; commas, semicolons or tabs; dates such as 2026-11-02 or 02/11/2026. \
            Nothing else of it is sent. The answer comes from the worker's own index.

            verdict is "appointment given" where an appointment on or after the day of the referral is booked, arrived \
            or fulfilled; "no appointment known" where there is none and every HIE is complete; else "cannot tell", \
            and the column incomplete names the HIEs that may have one. Appointments that were cancelled, missed or \
            are only proposed do not count and are shown. Any appointment of the patient counts: an index entry does \
            not say which referral it is for.

            Into a pipe, or a file (--out), goes CSV with the same rows in the same order. Rows that are no referral \
            are in it with their reason, and the exit status is then 2.

            Examples:
              wherry safety-net week.csv --from http://127.0.0.1:8080 --out answered.csv
              wherry safety-net - --from 127.0.0.1:8080 --json < week.csv
            """)

    /// A weekly list has thousands of rows; of more, most is likely to be no list of a week.
    static let fileBytesMax = 64 << 20
    static let rowsMax = 250_000
    /// Rows that are sent together; a worker takes 5000.
    static let partRows = 2000

    @Argument(help: .init("A CSV file, or - for standard input.", valueName: "file"), completion: .file())
    var file: String

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Option(help: .init("Write the CSV to this file.", valueName: "file"), completion: .file())
    var out: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let list = try read()
        try checkOut()
        let answer = try await ask(list)
        let view = SafetyNetView(answer)
        if let out { try write(answer.csv, to: out) }
        if output.isJSON {
            Terminal.print(String(decoding: answer.json, as: UTF8.self))
        } else if out != nil {
            view.printSummary()
        } else if Terminal.isInteractive {
            view.printAll()
        } else {
            try? FileHandle.standardOutput.write(contentsOf: Data(answer.csv))
            Terminal.printError(view.notes)
        }
        if answer.summary[.refused] > 0 { throw CommandFailure(.refused, "") }
    }

    private func read() throws -> ReferralList {
        do {
            let reader = try ByteReader(path: file)
            var bytes: [UInt8] = []
            while case let more = try reader.next(1 << 20), !more.isEmpty {
                bytes += more
                guard bytes.count <= Self.fileBytesMax else {
                    throw CommandFailure(
                        .refused, "\(file) is larger than \(Self.fileBytesMax >> 20) MiB: split the list")
                }
            }
            return try ReferralList(bytes, rowsMax: Self.rowsMax)
        } catch let failure as Payload.Failure {
            throw CommandFailure(.refused, failure.reason)
        } catch let failure as ReferralList.Failure {
            throw CommandFailure(.refused, "\(file): \(failure.reason)")
        }
    }

    private func checkOut() throws {
        guard let out else { return }
        let (list, target) = (URL(filePath: file), URL(filePath: out))
        if list.resolvingSymlinksInPath().standardized == target.resolvingSymlinksInPath().standardized {
            throw CommandFailure(.refused, "--out would write over the list: give another file")
        }
        guard FileManager.default.isWritableFile(atPath: target.deletingLastPathComponent().path) else {
            throw CommandFailure(.refused, "\(out) cannot be written: check its directory and permissions")
        }
    }

    private func ask(_ list: ReferralList) async throws -> SafetyNetAnswer {
        let referrals = list.rows.compactMap(\.referral)
        let progress = ProgressBar(total: referrals.count, unit: .rows)
        defer { progress.clear() }
        return try await WorkerClient.with(from) { client in
            var answer = SafetyNetAnswer(list)
            for start in stride(from: 0, to: referrals.count, by: Self.partRows) {
                let part = referrals[start..<min(start + Self.partRows, referrals.count)]
                let reply = try await client.ask("/api/safety-net", type: "text/csv", ReferralList.csv(part))
                try answer.add(reply.json(from: from), to: part, from: from)
                progress.advance(part.count)
            }
            return answer
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw CommandFailure(.failed, "\(path) cannot be written: \(error.localizedDescription)")
        }
    }
}
