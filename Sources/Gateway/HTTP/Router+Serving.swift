import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

extension Router where Context: InitializableFromSource<ApplicationRequestContextSource> {
    /// Serves as every server of ours does, until the graceful stop, which lets requests finish. Throws when it cannot
    /// listen. `onListening` is told the address, with the port that port 0 became.
    func serve(
        at address: ListenAddress, _ settings: GatewaySettings, logger: Logger,
        handlers: @autoclosure @escaping @Sendable () -> [any RemovableChannelHandler] = [],
        onListening: @escaping @Sendable (ListenAddress) async -> Void
    ) async throws {
        var configuration = HTTP1Channel.Configuration(
            additionalChannelHandlers: [IdleStateHandler(allTimeout: .seconds(Int64(settings.idleSecondsMax)))]
                + handlers() + [IdleConnection()])
        configuration.httpDecoder.maxHeaderFieldSize = settings.headerBytesMax
        configuration.httpDecoder.maxHeaderListSize = settings.headerBytesMax
        configuration.httpDecoder.maxHeaderFieldCount = 100
        let application = Application(
            router: self, server: .http1(configuration: configuration),
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
