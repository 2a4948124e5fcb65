package import CareRecord

/// Auditing: the digest as kept against the rows as they are. A row that was changed behind the index's back shows in
/// the digest only once it is counted anew; then the source's next pulse tells that the two differ.
extension IndexTransaction {
    /// What the rows of the source say its digest should be, less what is kept: all zero where nothing was changed.
    package func difference(of source: IndexedSource) throws -> BucketDigest {
        var difference = source.digest
        try rows.scan(source: source.id, .all) { difference.toggle($0.key.patient, hash: $0.contentHash) }
        return difference
    }

    /// Corrects the digest by a difference found earlier, whatever was applied since. Returns the source as it is now;
    /// `nil` where its rows were replaced meanwhile.
    package mutating func correct(
        _ hie: HIEIdentifier, epoch: Epoch?, by difference: BucketDigest
    ) throws -> IndexedSource? {
        var source = try rows.source(hie)
        guard source.progress.epoch == epoch else { return nil }
        source.digest.add(difference)
        try rows.save(source)
        return source
    }
}
