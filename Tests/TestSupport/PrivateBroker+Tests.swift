package import AMQP
import Foundation
package import LoadTest
import NIOConcurrencyHelpers

/// Brokers of the test process.
///
/// Tests share one (`shared`), each in a virtual host of its own. A test that breaks its broker starts its own
/// (`start`).
extension PrivateBroker {
    package struct VirtualHost: Sendable {
        package let name: String
        package let url: String
        package let endpoint: Endpoint
    }

    /// The broker that every test of this process may use and none may break.
    package static func shared(hasManagement: Bool = false) async throws -> PrivateBroker {
        try await (hasManagement ? withManagement : plain).value()
    }

    /// A broker for one test. `configuration` is lines for rabbitmq.conf.
    package static func start(
        hasManagement: Bool = false, plugins: [String] = [], configuration: String = ""
    ) async throws -> PrivateBroker {
        try await start(hasManagement: hasManagement, plugins: plugins) { _ in configuration }
    }

    /// A broker for one test. `configure` may make files in the broker's directory, which goes with the broker, and
    /// returns lines for rabbitmq.conf.
    package static func start(
        hasManagement: Bool = false, plugins: [String] = [], configure: (_ directory: String) async throws -> String
    ) async throws -> PrivateBroker {
        let directory = FileManager.default.temporaryDirectory.path + "/wherry-broker-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let configuration = try await configure(directory)
        return try await start(
            script: script, in: directory, keeping: .nothing, hasManagement: hasManagement, plugins: plugins,
            configuration: configuration)
    }

    /// A virtual host with full permissions for `guest`.
    package func makeVirtualHost() async throws -> VirtualHost {
        let name = virtualHosts.next()
        let all = "<<\".*\">>"
        _ = try await eval(
            """
            V = <<"\(name)">>, G = <<"guest">>, ok = rabbit_vhost:add(V, G), \
            ok = rabbit_auth_backend_internal:set_permissions(G, V, \(all), \(all), \(all), G).
            """
        )
        return VirtualHost(name: name, url: "\(url)/\(name)", endpoint: try Endpoint(url: "\(url)/\(name)"))
    }

    package static let script = packageDirectory + "/Scripts/broker"
    private static let plain = Lazy { try await start() }
    private static let withManagement = Lazy { try await start(hasManagement: true) }
}

/// The directory of Package.swift.
package let packageDirectory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

/// What is started once, such as a broker, however many tests ask at the same time.
package actor Lazy<Value: Sendable> {
    private let start: @Sendable () async throws -> Value
    private var task: Task<Value, any Error>?

    package init(_ start: @escaping @Sendable () async throws -> Value) { self.start = start }

    package func value() async throws -> Value {
        let task = self.task ?? Task { try await start() }  // serves every test that asks, not only the first
        self.task = task
        return try await task.value
    }
}

private let virtualHosts = VirtualHostNames()

private final class VirtualHostNames: Sendable {
    private let prefix = "test-" + UUID().uuidString.prefix(8).lowercased()
    private let count = NIOLockedValueBox(0)

    func next() -> String {
        let number = count.withLockedValue { count in
            count += 1
            return count
        }
        return "\(prefix)-\(number)"
    }
}
