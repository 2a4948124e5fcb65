package import AMQP

extension Session {
    /// What `body` comes to; the session is closed after it, however it ends.
    nonisolated package func closing<Value: Sendable>(
        _ body: (Session) async throws -> Value
    ) async throws -> Value {
        do {
            let value = try await body(self)
            await close()
            return value
        } catch {
            await close()
            throw error
        }
    }
}
