import AMQP
import Testing

@Suite("broker URL")
struct EndpointTests {
    @Test(
        "the parts of a URL are decoded, with defaults for those left out",
        arguments: [
            ("amqp://h", "h", 5672, "/", "guest", "guest"),
            ("amqp://h/", "h", 5672, "/", "guest", "guest"),
            ("AMQP://h:1/v", "h", 1, "v", "guest", "guest"),
            ("amqp://u:p@h:65535/%2F", "h", 65535, "/", "u", "p"),
            ("amqp://u%40x:p%3a%2F%25@h/a%2Fb", "h", 5672, "a/b", "u@x", "p:/%"),
            ("amqp://u:@h", "h", 5672, "/", "u", ""),
            ("amqp://u@h", "h", 5672, "/", "u", ""),
            ("amqp://[::1]:5673/v?auth_mechanism=plain", "::1", 5673, "v", "guest", "guest"),
        ] as [(String, String, UInt16, String, String, String)])
    func plain(url: String, host: String, port: UInt16, virtualHost: String, user: String, password: String) throws {
        let endpoint = try Endpoint(url: url, tls: TLSFiles(ca: "ignored without TLS"))
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(endpoint.virtualHost == virtualHost)
        #expect(endpoint.authentication == .plain(user: user, password: password))
        #expect(endpoint.tls == nil)
    }

    @Test("amqps trusts the given files, else the system's authorities, on port 5671")
    func tls() throws {
        #expect(try Endpoint(url: "amqps://h").tls == .system)
        #expect(try Endpoint(url: "amqps://h").port == 5671)
        let files = TLSFiles(ca: "ca.pem", certificate: "c.pem", key: "k.pem")
        #expect(try Endpoint(url: "amqps://u:p@h", tls: files).tls == files)
    }

    @Test("a client certificate logs in when no user is given, or when asked to")
    func external() throws {
        let files = TLSFiles(ca: "ca.pem", certificate: "c.pem", key: "k.pem")
        #expect(try Endpoint(url: "amqps://h", tls: files).authentication == .external(identity: "certificate"))
        let asked = try Endpoint(url: "amqps://u@h?auth_mechanism=external", tls: files)
        #expect(asked.authentication == .external(identity: "u"))
        let plain = try Endpoint(url: "amqps://h?auth_mechanism=PLAIN", tls: files)
        #expect(plain.authentication == .plain(user: "guest", password: "guest"))
        #expect(throws: AMQPError.self) { try Endpoint(url: "amqps://h?auth_mechanism=external") }
        #expect(throws: AMQPError.self) { try Endpoint(url: "amqp://h?auth_mechanism=external", tls: files) }
        #expect(throws: AMQPError.self) { try Endpoint(url: "amqps://h", tls: TLSFiles(ca: "c", certificate: "c")) }
    }

    @Test(
        "a malformed URL is refused without repeating it",
        arguments: [
            "", "h", "http://h", "amqp:/h", "amqp://", "amqp://:5672", "amqp://u:secret@", "amqp://u:secret@h:0",
            "amqp://u:secret@h:65536", "amqp://u:secret@h:x", "amqp://u:secret@h:", "amqp://u:secret%@h",
            "amqp://u:secret%2@h", "amqp://u:secret%zz@h", "amqp://:secret@h", "amqp://u:secret@x@h",
            "amqp://u:secret@h/a/b",
            "amqp://u:secret%00@h", "amqp://u:secret%ff@h", "amqp://u:secret@[::1", "amqp://u:secret@[::1]x",
            "amqp://u:secret@h?heartbeat=5", "amqp://u:secret@h?auth_mechanism=magic", "amqp://u:secret#@h",
            "amqp://u:secret@h o", "amqp://u:secret@h/" + String(repeating: "v", count: 256),
            "amqp://u:secret@" + String(repeating: "h", count: 254),
            "amqp://u:" + String(repeating: "secret", count: 999),
        ])
    func malformed(url: String) {
        let error = #expect(throws: AMQPError.self) { try Endpoint(url: url) }
        #expect(error?.code == .invalidURL)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("no form of an endpoint shows the password")
    func password() throws {
        let endpoint = try Endpoint(url: "amqp://u:secret@h/v")
        #expect("\(endpoint)" == "amqp://u@h:5672/v")
        #expect(!String(reflecting: endpoint).contains("secret"))
        var dumped = ""
        dump(endpoint, to: &dumped)
        #expect(!dumped.contains("secret"))
    }
}
