package import CareRecord

/// A worker that a load test asks.
package struct LoadTarget: Sendable, Hashable {
    package let hie: HIEIdentifier
    package let host: String
    package let port: Int

    package init(hie: HIEIdentifier, host: String, port: Int) {
        self.hie = hie
        self.host = host
        self.port = port
    }
}
