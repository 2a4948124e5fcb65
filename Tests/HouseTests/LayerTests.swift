import Testing

/// A target uses only those above it (Docs/architecture.md); SwiftPM does not hold that, this does.
@Suite("Layers") struct LayerTests {
    /// In order, with the libraries that each may import.
    private static let layers: [(target: String, libraries: Set<String>)] = [
        ("CRabbitMQ", []),
        ("COpenSSL", []),
        ("AMQP", ["Logging", "NIOConcurrencyHelpers", "Glibc", "Dispatch", "Synchronization", "Foundation"]),
        ("CareRecord", []),
        ("Replication", []),
        ("Simulation", []),
        ("Storage", ["GRDB", "GRDBSQLite", "NIOConcurrencyHelpers", "Glibc"]),
        (
            "Topology",
            [
                "Yams", "AsyncHTTPClient", "NIOCore", "NIOHTTP1", "NIOFoundationCompat", "NIOSSL", "Logging",
                "Foundation",
            ]
        ),
        ("Keys", ["X509", "Crypto", "SwiftASN1", "Foundation", "Glibc"]),
        ("Worker", ["Logging", "NIOConcurrencyHelpers", "ServiceLifecycle", "Glibc"]),
        (
            "Gateway",
            [
                "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOConcurrencyHelpers", "NIOCore", "NIOHTTPTypes",
                "Logging", "ServiceLifecycle", "Glibc",
            ]
        ),
        (
            "LoadTest",
            [
                "Yams", "Histogram", "NIOConcurrencyHelpers", "NIOCore", "NIOPosix", "NIOHTTP1", "GRDBSQLite",
                "Logging", "Foundation", "Glibc",
            ]
        ),
        (
            "wherry",
            [
                "ArgumentParser", "AsyncHTTPClient", "NIOConcurrencyHelpers", "NIOCore", "NIOHTTP1",
                "NIOFoundationCompat", "Logging", "ServiceLifecycle", "UnixSignals", "Foundation", "Glibc",
            ]
        ),
    ]

    /// `Replication` and `Storage` use of `AMQP` only its values, and whoever else may, too.
    @Test("a target imports only targets above it, and the libraries it is allowed") func imports() throws {
        let tree = try SourceTree("Sources")
        let names = Self.layers.map(\.target)
        for file in tree.files {
            guard let layer = names.firstIndex(of: file.target) else {
                Issue.record("\(file.path) is in no layer")
                continue
            }
            let allowed = Set(names[..<layer]).union(Self.layers[layer].libraries)
            for module in file.lines.compactMap(Self.imported) where !allowed.contains(module) {
                Issue.record("\(file.path) imports \(module), which \(file.target) may not")
            }
        }
    }

    @Test("nothing that ships imports the tests' support") func support() throws {
        let places = try SourceTree("Sources").places { code, _ in code.contains("import TestSupport") }
        #expect(places == [])
    }

    private static func imported(_ line: String) -> String? {
        var words = line.split(separator: " ")
        words.removeAll { ["package", "public", "private", "internal", "@preconcurrency", "@testable"].contains($0) }
        guard words.first == "import", let last = words.last else { return nil }
        return last.split(separator: ".").first.map(String.init)
    }
}
