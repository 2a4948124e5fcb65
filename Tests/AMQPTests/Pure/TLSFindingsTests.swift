import Testing

@testable import AMQP

@Suite("Words about TLS")
struct TLSFindingsTests {
    private let endpoint = Endpoint(
        host: "broker.example", port: 5671, authentication: .external(identity: "certificate"),
        tls: TLSFiles(ca: "ca.pem", certificate: "own.pem", key: "own.key"))
    private let own = TLSFindings.Certificate(
        subject: "CN=barts", from: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z")

    @Test(
        "each reason not to accept the broker's certificate has its words, with the host or the file, and what to do",
        arguments: [
            (Int32(2), Int32(0), "CA file ca.pem"), (7, 0, "CA file ca.pem"), (18, 0, "CA file ca.pem"),
            (19, 1, "CA file ca.pem"), (20, 0, "CA file ca.pem"), (21, 0, "CA file ca.pem"), (30, 0, "CA file ca.pem"),
            (9, 0, "the certificate of broker.example:5671 is good only from"), (9, 1, "CN=other"),
            (10, 0, "the certificate of broker.example:5671 expired on"), (10, 1, "CN=other, which vouches for"),
            (26, 0, "serverAuth"), (23, 0, "(words)"), (99, 2, "(words)"),
        ])
    func refusals(code: Int32, depth: Int32, words: String) {
        var findings = TLSFindings()
        findings.refusal = .init(
            code: code, text: "words", depth: depth,
            certificate: .init(subject: "CN=other", from: "2026-01-01T00:00:00Z", until: "2026-02-01T00:00:00Z"))
        let error = findings.error(at: endpoint)
        #expect(error?.code == .tlsFailed)
        #expect(error?.reason.contains(words) == true && error?.reason.contains("broker.example") == true)
    }

    @Test(
        "each alert about the own certificate has its words",
        arguments: [
            (Int32(40), "clientAuth"), (42, "clientAuth"), (44, "revoked"), (45, "compare the clocks"),
            (48, "authority"),
            (116, "clientAuth"),
        ])
    func alerts(alert: Int32, words: String) {
        var findings = TLSFindings()
        findings.own = own
        findings.alert = alert
        let error = findings.error(at: endpoint)
        #expect(error?.code == .authenticationRefused)
        for word in [words, "broker.example:5671", "own.pem", "CN=barts"] {
            #expect(error?.reason.contains(word) == true, "\(error?.reason ?? "") lacks \(word)")
        }
    }

    @Test(
        "other alerts are about the broker's TLS",
        arguments: [(Int32(70), "TLS 1.2"), (71, "TLS 1.2"), (80, "alert 80")])
    func others(alert: Int32, words: String) {
        for own in [own, nil] {
            var findings = TLSFindings()
            findings.own = own
            findings.alert = alert
            let error = findings.error(at: endpoint)
            #expect(error?.code == .tlsFailed && error?.reason.contains(words) == true)
        }
    }

    @Test("where TLS has nothing to do with it nothing is said of it") func silent() {
        #expect(TLSFindings().error(at: endpoint) == nil)
    }
}
