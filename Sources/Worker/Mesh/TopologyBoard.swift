import Storage

/// The topology that is in force.
final class TopologyBoard: Sendable {
    private let latest: Latest<MeshView>

    init(_ view: MeshView) { latest = Latest(view) }

    var present: MeshView { latest.value }

    /// The TLS files in force stay so.
    func take(_ view: MeshView) {
        latest.update { present in
            let keys = present.keys
            present = view
            present.keys = keys
            return true
        }
    }

    /// Returns whether that is news.
    func take(keys: String) -> Bool {
        var isNews = false
        latest.update { present in
            isNews = present.keys != keys
            present.keys = keys
            return isNews
        }
        return isNews
    }

    /// The one in force, and then each that follows it: the newest, where several did. Ends when the listener's task is
    /// cancelled.
    func views() -> AsyncStream<MeshView> { latest.values() }
}
