package import CareRecord

extension RecordStore {
    /// Those of `keys` that are stored and in nobody's record: no NHS number is known for their patient.
    package func unlinked(among keys: [ResourceKey]) async throws(StorageError) -> Set<ResourceKey> {
        guard !keys.isEmpty else { return [] }
        return try await file.read { database in
            let select = try PreparedStatement(
                database, "SELECT 1 FROM resource WHERE type = ? AND id = ? AND isDeleted = 0 AND linkedTo IS NULL")
            var unlinked: Set<ResourceKey> = []
            for key in keys {
                select.bind(key.type, at: 1)
                select.bind(key.id, at: 2)
                if try select.first({ _ in true }) ?? false { unlinked.insert(key) }
            }
            return unlinked
        }
    }
}
