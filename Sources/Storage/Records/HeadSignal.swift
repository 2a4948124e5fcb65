/// Tells whoever listens how far a journal reaches. Listeners get the newest head; what they miss in between they can
/// read from the journal.
package final class HeadSignal: Sendable {
    private let latest: Latest<Int64>

    package init(head: Int64) { latest = Latest(head) }

    package var head: Int64 { latest.value }

    package func advance(to head: Int64) {
        latest.update { known in
            guard head > known else { return false }
            known = head
            return true
        }
    }

    /// Tells the same head again: to whoever reads the journal it means something else now.
    package func renew() { latest.update { _ in true } }

    /// The head now, and then each time it has moved; ends when the listener's task is cancelled.
    package func heads() -> AsyncStream<Int64> { latest.values() }
}
