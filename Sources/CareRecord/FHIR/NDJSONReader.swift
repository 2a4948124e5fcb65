/// Reads newline-delimited JSON, one resource a line, from chunks as they come.
///
/// Each line succeeds or fails by itself. Blank lines are skipped and counted. The memory in use is bounded by the
/// limit on a line: a longer one is dropped as it comes and reported once.
package struct NDJSONReader: Sendable {
    private let limits: FHIRLimits
    /// What has come of the line that is not yet at its end.
    private var line: [UInt8] = []
    /// Its number.
    private var number: Int
    private var isTooLong = false

    /// `firstLine` is the number of the first line, for a file that is sent in parts.
    package init(limits: FHIRLimits = FHIRLimits(), firstLine: Int = 1) {
        self.limits = limits
        number = firstLine
    }

    /// The items of the lines that this chunk completes; `index` is the number of the line, from 1.
    package mutating func read(_ chunk: some Collection<UInt8>) -> [Submission.Item] {
        var items: [Submission.Item] = []
        var rest = Array(chunk)[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            append(rest[..<end])
            if let item = endLine() { items.append(item) }
            rest = rest[(end + 1)...]
        }
        append(rest)
        return items
    }

    /// The item of a last line without an end, if there is one.
    package mutating func finish() -> [Submission.Item] {
        endLine().map { [$0] } ?? []
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        guard !isTooLong else { return }
        guard line.count + bytes.count <= limits.lineBytesMax else {
            isTooLong = true
            line = []
            return
        }
        line.append(contentsOf: bytes)
    }

    private mutating func endLine() -> Submission.Item? {
        defer {
            line.removeAll(keepingCapacity: true)
            number += 1
            isTooLong = false
        }
        if isTooLong {
            let reason = "line \(number): longer than \(limits.lineBytesMax) bytes"
            return item(OperationOutcome([OperationOutcome.Issue(.error, .tooLong, at: "", reason)]))
        }
        guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { return nil }
        do throws(OperationOutcome) {
            return read(try JSON.resource(line, limits, line: number - 1))
        } catch {
            return item(error)
        }
    }

    private func read(_ members: JSONObject) -> Submission.Item {
        guard members["resourceType"]?.text != "Bundle" else {
            let reason = "line \(number): a bundle: send it by itself, or its resources one a line"
            return item(OperationOutcome([OperationOutcome.Issue(.error, .notSupported, at: "Bundle", reason)]))
        }
        return Submission.Item(resource: members, index: number).naming(line: number)
    }

    private func item(_ found: OperationOutcome) -> Submission.Item {
        Submission.Item(index: number, operation: nil, found)
    }
}

extension Submission.Item {
    /// With the line in every text, since FHIRPath cannot name it.
    fileprivate func naming(line: Int) -> Submission.Item {
        func named(_ issue: OperationOutcome.Issue) -> OperationOutcome.Issue {
            var issue = issue
            issue.diagnostics = "line \(line): \(issue.diagnostics)"
            return issue
        }
        return Submission.Item(
            index: index, fullUrl: fullUrl, method: method, result: result.mapError { $0.map(named) },
            warnings: warnings.map(named))
    }
}
