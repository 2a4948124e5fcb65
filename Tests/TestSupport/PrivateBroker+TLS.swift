package import LoadTest

extension PrivateBroker {
    /// A broker for one test that also takes TLS at a port of its own, with the certificate of that name in the room.
    /// Clients without one are taken, too.
    package static func start(certificate name: String, in room: KeyRoom) async throws -> (PrivateBroker, UInt16) {
        let port = try Listener().port
        let broker = try await start(
            plugins: ["rabbitmq_auth_mechanism_ssl"],
            configuration: """
                listeners.ssl.1 = 127.0.0.1:\(port)
                ssl_options.cacertfile = \(room.file("ca.pem"))
                ssl_options.certfile = \(room.file("brokers/\(name).pem"))
                ssl_options.keyfile = \(room.file("brokers/\(name).key"))
                ssl_options.verify = verify_peer
                ssl_options.fail_if_no_peer_cert = false
                ssl_cert_login_from = common_name
                auth_mechanisms.1 = PLAIN
                auth_mechanisms.2 = EXTERNAL

                """)
        return (broker, port)
    }

    /// An account with every permission on the virtual host `/`, for a certificate that names it.
    package func addAccount(_ name: String) async throws {
        try await eval(
            """
            U = <<"\(name)">>, ok = rabbit_auth_backend_internal:add_user(U, <<"unused">>, U), \
            ok = rabbit_auth_backend_internal:set_permissions(U, <<"/">>, <<".*">>, <<".*">>, <<".*">>, U).
            """)
    }
}
