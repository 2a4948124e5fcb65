import ArgumentParser
import CareRecord
import Foundation
import Replication
import Worker

/// Asks a worker to ask its peers for a patient's resources.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Fetch a patient's resources from the HIEs that hold some.",
        discussion: """
            The worker asks every HIE of which its index knows something, all at once, and waits until the deadline at \
            the latest. Of each HIE it says what became of it: answered, partial, timedOut, refused, skipped or \
            nothingHeld. Where an HIE did not answer whole, the index's entries stand in for what is missing.

            On a terminal the answers show as they come. Into a pipe it prints tab-separated lines, the kind first: \
            answer, resource, stand-in, missing. With --resources it prints each resource as one line of JSON, \
            {"source": …, "resource": …}, and nothing else.

            Both ends write down who asked and what for, before anything is shown.

            Exit status 0 also when somebody did not answer: who is missing, and why, is named on standard error \
            (on a terminal: in the last line). 1 when the worker could not be reached or failed; 2 for refused input.

            Examples:
              wherry query 9990000018 --from http://127.0.0.1:8080
              wherry query 9990000018 --from 127.0.0.1:8080 --categories allergy,medication --deadline 1s --json
            """)

    /// What a worker may take beyond the deadline, to write its answer and to wait for its turn.
    private static let graceSeconds: Int64 = 10

    @Argument(help: .init("Ten digits; spaces are allowed.", valueName: "nhs-number"))
    var nhsNumber: String

    @Option(help: .init("The worker's URL.", valueName: "url"))
    var from: WorkerURL

    @Option(help: .init("When nobody is waited for any longer, such as 500ms (default: 2s).", valueName: "time"))
    var deadline: TimeSpan?

    @Option(help: .init("The same for each HIE alone.", valueName: "time"))
    var peerDeadline: TimeSpan?

    @Option(
        name: [.customLong("categories"), .customLong("category")],
        help: .init("Only these, joined by commas: \(Self.known).", valueName: "list"))
    var categories: String?

    @Option(help: .init("Only what was stored since this day or moment (UTC).", valueName: "date"))
    var since: String?

    @Option(help: .init("At most so many resources of one HIE, the newest first.", valueName: "number"))
    var limit: Int?

    @OptionGroup var requester: RequesterOptions

    @Flag(help: "Print the resources, each as one line of JSON, and nothing else.")
    var resources = false

    @OptionGroup var output: OutputOptions

    private static let known = Category.allCases.map(\.rawValue).joined(separator: ", ")

    mutating func validate() throws {
        guard NHSNumber(nhsNumber) != nil else {
            throw ValidationError(
                "that is not an NHS number: it has ten digits, the last of which is a modulus 11 check digit")
        }
        let names = categories?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        for name in names where Category(rawValue: String(name)) == nil {
            throw ValidationError("there is no category \(name); there are \(Self.known)")
        }
        let longest = TimeSpan(milliseconds: Query.deadlineMillisecondsMax)
        for (name, span) in [("--deadline", deadline), ("--peer-deadline", peerDeadline)] {
            guard span.map({ $0.milliseconds <= longest.milliseconds }) ?? true else {
                throw ValidationError("\(name) is at most \(longest)")
            }
        }
        if let limit, !(1...RecordRequest.limitMax).contains(limit) {
            throw ValidationError("--limit is 1 to \(RecordRequest.limitMax)")
        }
        if let since, Timestamp(text: since) ?? Timestamp(text: "\(since)T00:00:00.000Z") == nil {
            throw ValidationError("--since is a day or a moment such as 2026-11-22 or 2026-11-22T17:03:05.123Z")
        }
        if resources, output.isJSON { throw ValidationError("--resources and --json exclude each other") }
    }

    func run() async throws {
        guard let number = NHSNumber(nhsNumber) else { preconditionFailure("the number was checked before") }
        let path = path(of: number)
        try await WorkerClient.with(from) { client in
            let isShownLive = Terminal.canRedraw && !resources && !output.isJSON
            if isShownLive {
                try await showLive(client, path)
            } else {
                try await show(client, path)
            }
        }
    }

    /// As the answers come, and then what came.
    private func showLive(_ client: WorkerClient, _ path: String) async throws {
        let live = LiveAnswers()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await live.keepDrawing() }
                defer { group.cancelAll() }
                try await client.events(path, headers: requester.headers, secondsMax: secondsMax) { try live.take($0) }
            }
        } catch {
            live.finish()
            throw error
        }
        let report = live.finish()
        guard report.isOver else {
            throw CommandFailure(.failed, "\(from) ended its answer before it was whole: try again")
        }
        QueryView(report: report).printRecord()
    }

    /// Once all is there.
    private func show(_ client: WorkerClient, _ path: String) async throws {
        let reply = try await client.get(path, headers: requester.headers, secondsMax: secondsMax)
        let json = try reply.json(from: from)
        let report = QueryReport(json)
        let view = QueryView(report: report)
        if output.isJSON {
            Terminal.print(String(decoding: reply.body, as: UTF8.self))
        } else if resources {
            view.printResources()
        } else if Terminal.isInteractive {
            view.printAnswers()
            return view.printRecord()
        } else {
            view.printLines()
        }
        if !report.missing.isEmpty { Terminal.printError(report.verdict) }
    }

    private var secondsMax: Int64 {
        let milliseconds = deadline?.milliseconds ?? Query.deadlineMillisecondsUsual
        return (milliseconds + 999) / 1000 + Self.graceSeconds
    }

    /// Everything in it was checked before, and nothing of it needs an escape.
    private func path(of number: NHSNumber) -> String {
        let parameters = [
            deadline.map { "deadline=\($0.milliseconds)ms" }, peerDeadline.map { "peerDeadline=\($0.milliseconds)ms" },
            categories.map { "categories=\($0)" }, since.map { "since=\($0)" }, limit.map { "limit=\($0)" },
        ].compactMap(\.self)
        let query = parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
        return "/api/patients/\(number.text)/record\(query)"
    }
}
