import CareRecord
import Hummingbird
import NIOCore
import Storage

/// Takes in NDJSON of any length: lines are read as they come and stored some hundreds at a time.
///
/// Each line succeeds or fails by itself. `?firstLine=N` says the number of the first line, for a file sent in parts.
struct StreamReader: Sendable {
    private let desk: SubmissionDesk
    private let gate: Gate

    init(desk: SubmissionDesk) {
        self.desk = desk
        gate = Gate(
            "streams", places: desk.settings.streamsMax, waitingMax: desk.settings.waitingMax,
            waitSecondsMax: desk.settings.waitSecondsMax)
    }

    func answer(_ request: Request) async throws -> Response {
        let firstLine = try Self.firstLine(of: request)
        let intake = try await gate.pass { try await read(request, firstLine) }
        var headers = intake.counts.headers
        headers.append(contentsOf: desk.journalHead)
        return .fhir(intake.parameters, headers: headers)
    }

    private func read(_ request: Request, _ firstLine: Int) async throws -> StreamIntake {
        var reader = NDJSONReader(limits: desk.settings.fhir, firstLine: firstLine)
        var waiting: [Submission.Item] = []
        var intake = StreamIntake()
        for try await buffer in request.body {
            waiting += reader.read(buffer.readableBytesView)
            while waiting.count >= desk.settings.streamBatchMax {
                try await store(waiting.prefix(desk.settings.streamBatchMax), &intake)
                waiting.removeFirst(desk.settings.streamBatchMax)
            }
        }
        waiting += reader.finish()
        try await store(waiting[...], &intake)
        return intake
    }

    private func store(_ items: ArraySlice<Submission.Item>, _ intake: inout StreamIntake) async throws {
        guard !items.isEmpty else { return }
        do {
            let items = Array(items)
            for item in try await desk.inTurn({ try await desk.store(items) }) { intake.add(item) }
        } catch let error as StorageError {
            throw Refusal(error).naming(stored: intake)
        }
    }

    private static func firstLine(of request: Request) throws(Refusal) -> Int {
        guard let text = request.uri.queryParameters["firstLine"] else { return 1 }
        guard let number = Int(text), (1...Int(Int32.max)).contains(number) else {
            throw Refusal(.badRequest, .value, "firstLine is the number of the first line, from 1")
        }
        return number
    }
}

/// What became of a stream so far.
struct StreamIntake: Sendable {
    private(set) var counts = SubmissionCounts()
    /// Of the lines that failed or gave warnings, as many as an OperationOutcome holds.
    private(set) var found = OperationOutcome()

    mutating func add(_ item: StoredItem) {
        counts.count(item)
        found.append(contentsOf: item.isUnlinked ? item.found.naming(line: item.index) : item.found)
    }

    /// FHIR Parameters: the counts, and an OperationOutcome where there is something to say.
    var parameters: JSON {
        var parameters: [JSON] = counts.named.map {
            ["name": .string($0.name), "valueInteger": .number(String($0.count))]
        }
        if !found.issues.isEmpty { parameters.append(["name": "outcome", "resource": found.json()]) }
        return ["resourceType": "Parameters", "parameter": .array(parameters)]
    }
}

extension OperationOutcome {
    /// With the line where it is not named yet.
    fileprivate func naming(line: Int) -> OperationOutcome {
        let prefix = "line \(line): "
        return OperationOutcome(
            issues.map { issue in
                var issue = issue
                if !issue.diagnostics.hasPrefix(prefix) { issue.diagnostics = prefix + issue.diagnostics }
                return issue
            })
    }
}

extension Refusal {
    /// Says that a stream was cut, and that nothing is lost by sending it again.
    fileprivate func naming(stored intake: StreamIntake) -> Refusal {
        let counts = intake.counts
        let storedCount = counts.created + counts.updated + counts.unchanged
        let issues = outcome.issues.map { issue in
            var issue = issue
            issue.diagnostics +=
                "; \(storedCount) resources of this stream are stored: send it again from its beginning"
            return issue
        }
        var refusal = Refusal(status, OperationOutcome(issues))
        refusal.headers = headers
        return refusal
    }
}
