/// What an entry is kept under: one patient's resource at its source.
///
/// The patient is part of the key: a resource that moves to another patient is withdrawn from the one and put to
/// the other, two changes with numbers of their own.
package struct EntryKey: Sendable, Hashable {
    package let patient: NHSNumber
    package let resource: ResourceKey

    package init(patient: NHSNumber, resource: ResourceKey) {
        self.patient = patient
        self.resource = resource
    }
}

/// An entry put or withdrawn, numbered by its source (design §1).
package struct Change: Sendable, Hashable {
    package enum Effect: Sendable, Hashable {
        case put(Facts)
        case withdraw
    }

    /// 1, 2, 3 … within one epoch of the source's journal.
    package let seq: Int64
    package let key: EntryKey
    package let effect: Effect

    package init(seq: Int64, key: EntryKey, effect: Effect) {
        self.seq = seq
        self.key = key
        self.effect = effect
    }
}
