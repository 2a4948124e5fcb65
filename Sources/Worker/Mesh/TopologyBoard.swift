import Storage

/// The topology that is in force.
final class TopologyBoard: Sendable {
    private let latest: Latest<MeshView>

    init(_ view: MeshView) { latest = Latest(view) }

    var present: MeshView { latest.value }

    func take(_ view: MeshView) {
        latest.update { present in
            present = view
            return true
        }
    }

    /// The one in force, and then each that follows it: the newest, where several did. Ends when the listener's task is
    /// cancelled.
    func views() -> AsyncStream<MeshView> { latest.values() }
}
