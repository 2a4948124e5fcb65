package import CareRecord

/// What is different between a topology and the one that follows it, as far as HIEs and brokers go.
package struct TopologyChange: Sendable, Hashable {
    /// Connected now and not before, those that were not there included; in file order, as are the others.
    package let connected: [HIEIdentifier]
    /// Planned now and connected before.
    package let setBack: [HIEIdentifier]
    /// In the file now and not before.
    package let added: [HIEIdentifier]
    /// In the file before and no longer.
    package let removed: [HIEIdentifier]
    /// Regions that have another broker than before.
    package let moved: [String]

    package init(from old: Topology, to new: Topology) {
        connected = new.connected.map(\.id).filter { old.hie($0)?.status != .connected }
        setBack = new.hies.filter { $0.status == .planned && old.hie($0.id)?.status == .connected }.map(\.id)
        added = new.hies.map(\.id).filter { old.hie($0) == nil }
        removed = old.hies.map(\.id).filter { new.hie($0) == nil }
        moved = new.regions.filter { region in old.region(region.id).map { $0.broker != region.broker } ?? false }
            .map(\.id)
    }
}
