import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
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
        let settings = GatewaySettings()
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: bytes)
        let router = Router(context: BasicRequestContext.self)
        router.get("/") { _, _ in Response.content(body, ContentType.json) }
        let application = Application(
            router: router, server: .http1(configuration: HTTP1Channel.Configuration(settings)),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: MaximumAvailableConnections(settings.connectionsMax, logger: logger)),
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? address.port
                await onListening(ListenAddress(host: address.host, port: port))
            },
            logger: logger)
        try await application.run()
    }
}

extension HTTP1Channel.Configuration {
    /// As every server of ours has it.
    init(
        _ settings: GatewaySettings, handlers: @autoclosure @escaping @Sendable () -> [any RemovableChannelHandler] = []
    ) {
        self.init(additionalChannelHandlers: handlers(), idleTimeout: .seconds(Int64(settings.idleSecondsMax)))
        httpDecoder.maxHeaderFieldSize = settings.headerBytesMax
        httpDecoder.maxHeaderListSize = settings.headerBytesMax
        httpDecoder.maxHeaderFieldCount = 100
    }
}
