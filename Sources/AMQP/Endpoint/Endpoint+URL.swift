/// The RabbitMQ URI form: `amqp[s]://user:password@host:port/virtualHost?auth_mechanism=external`, every part
/// percent-decoded.
extension Endpoint {
    /// Defaults: port 5672 (5671 with TLS), user and password `guest`, virtual host `/` (also for an empty path).
    /// SASL EXTERNAL is taken when asked for, or when a client certificate is there and no user is.
    /// `tls` counts for `amqps` only; without it the system's certificate authorities are trusted.
    package init(url: String, tls: TLSFiles? = nil) throws(AMQPError) {
        let parts = try URLParts(url)
        let files = parts.isSecure ? tls ?? .system : nil
        if let files, (files.certificate == nil) != (files.key == nil) {
            throw AMQPError(.invalidURL, "a client certificate and its key go together: give both files or neither")
        }
        let isExternal = try parts.asksForExternal ?? (parts.user == nil && files?.certificate != nil)
        if isExternal, files?.certificate == nil {
            throw AMQPError(
                .invalidURL, "auth_mechanism=external needs an amqps URL and a client certificate with its key")
        }
        self.init(
            host: parts.host,
            port: parts.port ?? (parts.isSecure ? 5671 : 5672),
            virtualHost: parts.virtualHost,
            authentication: isExternal
                ? .external(identity: parts.user ?? "certificate")
                : .plain(user: parts.user ?? "guest", password: parts.password ?? (parts.user == nil ? "guest" : "")),
            tls: files
        )
    }
}

/// The decoded parts of an AMQP URL. No error repeats the URL, since a password may stand anywhere in a mistyped one.
private struct URLParts {
    static let lengthMax = 2_048

    let isSecure: Bool
    let user: String?
    let password: String?
    let host: String
    let port: UInt16?
    let virtualHost: String
    let query: [(name: String, value: String)]

    init(_ url: String) throws(AMQPError) {
        guard url.utf8.count <= Self.lengthMax else { throw Self.invalid("it is longer than \(Self.lengthMax) bytes") }
        var rest = Substring(url)
        if rest.lowercased().hasPrefix("amqps://") {
            isSecure = true
            rest = rest.dropFirst("amqps://".count)
        } else if rest.lowercased().hasPrefix("amqp://") {
            isSecure = false
            rest = rest.dropFirst("amqp://".count)
        } else {
            throw Self.invalid("it must begin with amqp:// or amqps://")
        }
        if rest.contains("#") { throw Self.invalid("write # as %23") }

        let beforeQuery = rest.prefix { $0 != "?" }
        query = try Self.queryItems(rest.dropFirst(beforeQuery.count).dropFirst())
        let authority = beforeQuery.prefix { $0 != "/" }
        let path = beforeQuery.dropFirst(authority.count).dropFirst()
        if path.contains("/") { throw Self.invalid("write / inside the virtual host as %2F") }
        virtualHost = path.isEmpty ? "/" : try Self.decoded(path, "virtual host")
        if virtualHost.utf8.count > 255 { throw Self.invalid("the virtual host is longer than 255 bytes") }

        var address = authority
        var credentials: Substring?
        if let at = authority.lastIndex(of: "@") {
            credentials = authority[..<at]
            address = authority[authority.index(after: at)...]
        }
        if let credentials, credentials.contains("@") { throw Self.invalid("write @ inside user or password as %40") }
        let name = credentials?.prefix { $0 != ":" }
        user = try name.map { part throws(AMQPError) in try Self.decoded(part, "user") }
        if user?.isEmpty == true { throw Self.invalid("the user before @ is empty") }
        if let credentials, let name, name.count < credentials.count {
            password = try Self.decoded(credentials.dropFirst(name.count + 1), "password")
        } else {
            password = nil
        }
        (host, port) = try Self.hostAndPort(address)
    }

    /// What `auth_mechanism` says, or nil when it is absent. Any other parameter is refused rather than ignored.
    var asksForExternal: Bool? {
        get throws(AMQPError) {
            var answer: Bool?
            for item in query {
                guard item.name == "auth_mechanism" else {
                    throw Self.invalid(
                        "the parameter \(item.name.debugDescription) is unknown; auth_mechanism is the only one")
                }
                switch item.value.lowercased() {
                case "external": answer = true
                case "plain": answer = false
                default: throw Self.invalid("auth_mechanism is either plain or external")
                }
            }
            return answer
        }
    }

    private static func hostAndPort(_ address: Substring) throws(AMQPError) -> (String, UInt16?) {
        let host: String
        var portText: Substring?
        if address.first == "[" {
            guard let close = address.firstIndex(of: "]") else {
                throw invalid("the ] after the IPv6 address is missing")
            }
            host = String(address[address.index(after: address.startIndex)..<close])
            let after = address[address.index(after: close)...]
            if !after.isEmpty {
                guard after.first == ":" else { throw invalid("only :port may follow the IPv6 address") }
                portText = after.dropFirst()
            }
        } else {
            let name = address.prefix { $0 != ":" }
            host = try decoded(name, "host")
            if name.count < address.count { portText = address.dropFirst(name.count + 1) }
        }
        guard !host.isEmpty else { throw invalid("the host is missing") }
        guard host.utf8.count <= 253, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw invalid("the host is not a name or an address")
        }
        guard let portText else { return (host, nil) }
        guard let port = UInt16(portText), port > 0 else { throw invalid("the port is not a number from 1 to 65535") }
        return (host, port)
    }

    private static func queryItems(_ text: Substring) throws(AMQPError) -> [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        for pair in text.split(separator: "&") {
            let name = pair.prefix { $0 != "=" }
            items.append((try decoded(name, "parameter"), try decoded(pair.dropFirst(name.count + 1), "parameter")))
        }
        return items
    }

    private static func decoded(_ text: Substring, _ part: String) throws(AMQPError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                throw invalid("the \(part) has a % that two hexadecimal digits do not follow; write % as %25")
            }
            bytes.append(high << 4 | low)
        }
        guard let string = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw invalid("the \(part) is not text in UTF-8")
        }
        return string
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    private static func invalid(_ what: String) -> AMQPError {
        AMQPError(.invalidURL, "the broker URL cannot be used: \(what)")
    }
}
