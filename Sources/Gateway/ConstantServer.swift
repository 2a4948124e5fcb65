import Hummingbird
package import Logging
import ServiceLifecycle

/// A server like the gateway's that answers one route, `/`, with a constant: what HTTP costs without anything of
/// ours, to measure the gateway by.
package struct ConstantServer: Service {
    private let address: ListenAddress
    private let bytes: Int
    private let logger: Logger
    private let onListening: @Sendable (ListenAddress) async -> Void

    /// `bytes` is the length of the body that is answered.
    package init(
        address: ListenAddress, bytes: Int, logger: Logger,
        onListening: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
    ) {
        self.address = address
        self.bytes = bytes
        self.logger = logger
        self.onListening = onListening
    }

    package func run() async throws {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: bytes)
        let router = Router(context: BasicRequestContext.self)
        router.get("/") { _, _ in Response.content(body, ContentType.json) }
        try await router.serve(at: address, GatewaySettings(), logger: logger, onListening: onListening)
    }
}
