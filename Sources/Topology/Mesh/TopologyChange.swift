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
    /// Replicas in the file now and not before, those of added HIEs included.
    package let replicasAdded: [Seat]
    /// Replicas in the file before and no longer, those of removed HIEs included.
    package let replicasRemoved: [Seat]
    /// Regions that have another broker than before.
    package let moved: [String]

    package init(from old: Topology, to new: Topology) {
        connected = new.connected.map(\.id).filter { old.hie($0)?.status != .connected }
        setBack = new.hies.filter { $0.status == .planned && old.hie($0.id)?.status == .connected }.map(\.id)
        added = new.hies.map(\.id).filter { old.hie($0) == nil }
        removed = old.hies.map(\.id).filter { new.hie($0) == nil }
        let (before, now) = (Self.replicas(of: old), Self.replicas(of: new))
        replicasAdded = now.filter { !before.contains($0) }
        replicasRemoved = before.filter { !now.contains($0) }
        moved = new.regions.filter { region in old.region(region.id).map { $0.broker != region.broker } ?? false }
            .map(\.id)
    }

    private static func replicas(of topology: Topology) -> [Seat] {
        topology.hies.flatMap(\.seats).filter { $0.replica != nil }
    }
}
