package import Logging

/// One connection to a broker. It ends once and never heals: after an error open another.
package actor Session {
    package nonisolated let events: AsyncStream<SessionEvent>
    private let unfinished = AMQPError(.ended, "the session is not implemented")

    private init() {
        events = AsyncStream { $0.finish() }
    }

    package static func open(
        _ endpoint: Endpoint, settings: SessionSettings, logger: Logger
    ) async throws(AMQPError) -> Session {
        throw AMQPError(.ended, "the session is not implemented")
    }

    package func ended() async -> AMQPError { unfinished }
    package func close() async {}
    package nonisolated func interrupt() {}

    package func declareExchange(
        _ name: String, kind: ExchangeKind, isDurable: Bool = true, isAutoDelete: Bool = false,
        isInternal: Bool = false, arguments: [String: Field] = [:]
    ) async throws(AMQPError) { throw unfinished }

    @discardableResult
    package func declareQueue(
        _ name: String, isDurable: Bool = true, isExclusive: Bool = false, isAutoDelete: Bool = false,
        arguments: [String: Field] = [:]
    ) async throws(AMQPError) -> QueueCounts { throw unfinished }

    package func inspectQueue(_ name: String) async throws(AMQPError) -> QueueCounts { throw unfinished }
    package func inspectExchange(_ name: String) async throws(AMQPError) { throw unfinished }

    package func bindQueue(
        _ queue: String, exchange: String, routingKey: String, arguments: [String: Field] = [:]
    ) async throws(AMQPError) { throw unfinished }

    package func unbindQueue(
        _ queue: String, exchange: String, routingKey: String, arguments: [String: Field] = [:]
    ) async throws(AMQPError) { throw unfinished }

    /// Returns the number of messages deleted.
    @discardableResult
    package func deleteQueue(
        _ name: String, onlyIfEmpty: Bool = false, onlyIfUnused: Bool = false
    ) async throws(AMQPError) -> UInt32 { throw unfinished }

    package func deleteExchange(_ name: String, onlyIfUnused: Bool = false) async throws(AMQPError) {
        throw unfinished
    }

    @discardableResult
    package func purgeQueue(_ name: String) async throws(AMQPError) -> UInt32 { throw unfinished }

    package func publish(
        _ message: Message, exchange: String, routingKey: String, isMandatory: Bool = false
    ) async throws(AMQPError) -> UInt64 { throw unfinished }

    package func publish(_ batch: [Outgoing]) async throws(AMQPError) -> ClosedRange<UInt64> { throw unfinished }
    package func nextSettlements() async throws(AMQPError) -> [Settlement] { throw unfinished }

    package func publishConfirmed(
        _ message: Message, exchange: String, routingKey: String, isMandatory: Bool = false
    ) async throws(AMQPError) -> Settlement.Outcome { throw unfinished }

    package func consume(
        _ queue: String, prefetchMax: UInt16, isExclusive: Bool = false
    ) async throws(AMQPError) -> Consumer { throw unfinished }

    package func acknowledge(_ tag: DeliveryTag, isMultiple: Bool = false) async throws(AMQPError) { throw unfinished }

    package func reject(
        _ tag: DeliveryTag, isMultiple: Bool = false, requeues: Bool
    ) async throws(AMQPError) { throw unfinished }
}
