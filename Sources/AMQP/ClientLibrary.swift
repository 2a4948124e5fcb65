import CRabbitMQ

/// The C library that speaks AMQP here.
package enum ClientLibrary {
    /// Such as `0.11.0`.
    package static var version: String { String(cString: amqp_version()) }
}
