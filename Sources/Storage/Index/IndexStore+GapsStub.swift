package import CareRecord
package import Replication
extension IndexStore {
    package func redeem(_ all: [Redemption]) async throws(StorageError) -> (verdicts: [LetterVerdict], sources: [HIEIdentifier: IndexedSource]) { fatalError() }
    package func foresee(_ all: [Redemption]) async throws(StorageError) -> [LetterVerdict] { fatalError() }
    package func gapCounts() async throws(StorageError) -> [HIEIdentifier: Int64] { [:] }
    package func gaps(of hie: HIEIdentifier, after: LetterIdentity?, limit: Int) async throws(StorageError) -> [Gap] { [] }
    package func closeGaps(_ l: [LetterIdentity], of hie: HIEIdentifier) async throws(StorageError) -> IndexedSource? { nil }
    package func entry(of hie: HIEIdentifier, _ key: EntryKey) async throws(StorageError) -> IndexedEntry? { nil }
}
extension AppliedChanges { package var filled: [LetterIdentity] { [] } }
