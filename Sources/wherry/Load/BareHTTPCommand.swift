import ArgumentParser
import Gateway
import Logging
import ServiceLifecycle
import UnixSignals

/// Serves a constant over HTTP, with nothing of a worker: what lookups are measured by.
struct BareHTTPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bare-http", abstract: "Serve a constant over HTTP, to measure a worker by.", shouldDisplay: false)

    private static let bytesMax = 64 << 20

    @Option(help: .init("Where to serve HTTP; port 0 for any.", valueName: "host:port"))
    var listen = ListenAddress(host: "127.0.0.1", port: 0)

    @Option(help: .init("The length of what is answered.", valueName: "number"))
    var bytes: Int

    mutating func validate() throws {
        guard (0...Self.bytesMax).contains(bytes) else {
            throw ValidationError("--bytes is a number up to \(Self.bytesMax)")
        }
    }

    func run() async throws {
        var logger = Logger(label: "wherry.load.bare-http", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        let server = ConstantServer(address: listen, bytes: bytes, logger: logger) { address in
            Terminal.print("wherry load bare-http listening on \(address.url)")
        }
        do {
            try await ServiceGroup(
                services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            ).run()
        } catch {
            throw CommandFailure(.failed, "bare-http on \(listen) stopped: \(error)")
        }
    }
}
