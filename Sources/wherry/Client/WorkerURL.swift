import ArgumentParser
import Foundation

/// Where a worker serves HTTP: `http://127.0.0.1:8080`; the scheme may be left out.
struct WorkerURL: ExpressibleByArgument, Sendable, Hashable, CustomStringConvertible {
    /// Without a slash at its end.
    let description: String

    init?(argument: String) {
        var text = argument.contains("://") ? argument : "http://\(argument)"
        while text.hasSuffix("/") { text.removeLast() }
        guard let url = URL(string: text), let scheme = url.scheme, ["http", "https"].contains(scheme),
            let host = url.host(), !host.isEmpty, url.query() == nil
        else { return nil }
        description = text
    }
}
