package import CareRecord
package import Replication
package import Storage

/// What this worker's index says of many patients at once, and how complete that is.
package struct Survey<Value: Sendable>: Sendable {
    /// One for each patient asked for, in their order.
    package let values: [Value]
    package let coverage: [SourceCoverage]
}

extension Worker {
    /// Judges the entries of many patients in these categories, all in one snapshot of the local index, and reads
    /// nothing else (promise P4). A patient who is asked for twice is judged twice.
    package func survey<Value: Sendable>(
        _ patients: [NHSNumber], _ categories: Set<Category>,
        _ judge: @escaping @Sendable (_ place: Int, [IndexedEntry]) -> Value
    ) async throws(StorageError) -> Survey<Value> {
        let (coverage, values) = try await covered(patients: patients.count) { index throws(StorageError) in
            try await index.survey(patients, categories, judge)
        }
        return Survey(values: values, coverage: coverage)
    }

    /// Reads of so many patients, each of them a lookup. Coverage is taken before the rows, so that it never promises
    /// more than they hold; both again where the index began anew in between, since it then holds less.
    func covered<Value: Sendable>(
        patients count: Int, _ read: @Sendable (IndexStore) async throws(StorageError) -> Value
    ) async throws(StorageError) -> (coverage: [SourceCoverage], value: Value) {
        counters.count { $0.lookups += Int64(count) }
        while true {
            let era = coverageBoard.era
            let coverage = coverage()
            let value = try await keeper.read(read)
            if coverageBoard.era == era { return (coverage, value) }
        }
    }
}
