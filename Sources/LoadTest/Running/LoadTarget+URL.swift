package import CareRecord
import Foundation

extension LoadTarget {
    /// Where `http://HOST:PORT` leads; `nil` for any other URL, since the generator speaks plain HTTP.
    package init?(hie: HIEIdentifier, url: String) {
        guard let parts = URL(string: url), parts.scheme == "http", let host = parts.host(), !host.isEmpty else {
            return nil
        }
        self.init(hie: hie, host: host, port: parts.port ?? 80)
    }
}
