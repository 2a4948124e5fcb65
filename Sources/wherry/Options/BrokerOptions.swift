import AMQP
import ArgumentParser
import Foundation
import Topology

/// How this machine gets at the topology's brokers.
struct BrokerOptions: ParsableArguments {
    static let passwordSizeMaxBytes = 4_096

    @Option(help: .init("One broker for every region, in place of those in the topology file.", valueName: "url"))
    var brokerURL: String?

    @Option(help: .init("The user for brokers whose URL names none.", valueName: "name"))
    var brokerUser: String?

    @Option(
        help: .init("A file whose first line is that user's password.", valueName: "file"), completion: .file())
    var brokerPasswordFile: String?

    @Option(
        name: .customLong("tls-ca"),
        help: .init("PEM file of the authorities that signed the brokers' certificates.", valueName: "file"),
        completion: .file())
    var tlsAuthorities: String?

    @Option(
        name: .customLong("tls-cert"), help: .init("PEM file of this client's certificate.", valueName: "file"),
        completion: .file())
    var tlsCertificate: String?

    @Option(
        name: .customLong("tls-key"), help: .init("PEM file of its private key.", valueName: "file"),
        completion: .file())
    var tlsKey: String?

    mutating func validate() throws {
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
        if brokerPasswordFile != nil, brokerUser == nil {
            throw ValidationError("--broker-password-file goes with --broker-user")
        }
        for file in [tlsAuthorities, tlsCertificate, tlsKey].compactMap(\.self)
        where !FileManager.default.isReadableFile(atPath: file) {
            throw ValidationError("the file \(file) cannot be read: check its path and permissions")
        }
        if let brokerURL {
            do {
                _ = try Endpoint(url: brokerURL)
            } catch {
                throw ValidationError("--broker-url: \(error.reason)")
            }
        }
    }

    func access() throws -> BrokerAccess {
        var tls: TLSFiles?
        if tlsAuthorities != nil || tlsCertificate != nil {
            tls = TLSFiles(ca: tlsAuthorities ?? TLSFiles.system.ca, certificate: tlsCertificate, key: tlsKey)
        }
        return BrokerAccess(user: brokerUser, password: try password(), tls: tls)
    }

    private func password() throws -> String? {
        guard let brokerPasswordFile else { return nil }
        guard let file = FileHandle(forReadingAtPath: brokerPasswordFile),
            let data = try? file.read(upToCount: Self.passwordSizeMaxBytes)
        else {
            throw CommandFailure(
                .refused, "the password file \(brokerPasswordFile) cannot be read: check its path and permissions")
        }
        let line = String(decoding: data, as: UTF8.self).prefix { !$0.isNewline }
        guard !line.isEmpty else {
            throw CommandFailure(.refused, "the first line of the password file \(brokerPasswordFile) is empty")
        }
        return String(line)
    }
}
