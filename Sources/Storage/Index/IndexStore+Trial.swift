import CareRecord
import GRDB
import Replication

extension IndexStore {
    /// Writes changes of nobody's and takes them back: fails where the index takes no changes at all, whoever's they
    /// are.
    package func tryOut() async throws(StorageError) {
        guard let source = HIEIdentifier("trial"), let epoch = Epoch("trial"), let patient = NHSNumber("9990000018"),
            let resource = ResourceKey(reference: "Condition/trial")
        else { preconditionFailure("the trial's names are well formed") }
        let key = EntryKey(patient: patient, resource: resource)
        let changes = [
            Change(seq: 1, key: key, effect: .put(Facts(category: .condition, code: "trial"))),
            Change(seq: 2, key: key, effect: .withdraw),
        ]
        let opened = opened
        try await opened.file.write { database in
            try database.inSavepoint {
                var transaction = IndexTransaction(try IndexFile(database, opened.overwritten))
                _ = try transaction.apply([
                    ChangeBatch(source: source, epoch: epoch, after: 0, through: 2, changes: changes)
                ])
                return .rollback
            }
        }
    }
}
