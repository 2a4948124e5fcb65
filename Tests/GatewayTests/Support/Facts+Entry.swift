import CareRecord
import Storage
import Testing

extension IndexedEntry {
    /// An entry in few words: its source, `Type/id`, and what the index keeps of it.
    static func of(
        _ source: String, _ reference: String, code: String? = nil, system: String? = nil, display: String? = nil,
        status: String? = nil, date: String? = nil
    ) throws -> IndexedEntry {
        let resource = try #require(ResourceKey(reference: reference))
        let category = try #require(Category(type: resource.type))
        return IndexedEntry(
            source: try #require(HIEIdentifier(source)), resource: resource, seq: 1,
            facts: Facts(
                category: category, code: code, system: system, display: display, status: status, date: date))
    }
}
