import Foundation
import LoadTest
import TestSupport

/// A page as a real browser shows it, without a network.
struct Browser {
    /// What a script of ours, at the end of the page, found.
    let findings: [String: String]
    /// Of the page's own script, and of what it was not allowed to do.
    let consoleLines: [String]
    /// Everything that it asked the network for.
    let addresses: [String]

    private static let executable = "/usr/bin/chromium-headless-shell"

    /// `probe` is a JavaScript function's body that returns an object of texts and numbers.
    init(showing page: String, width: Int, probe: String) async throws {
        let directory = try TemporaryDirectory()
        let script = """
            <script>{
            const found = (() => { \(probe) })();
            for (const name in found) document.documentElement.setAttribute("found-" + name, String(found[name]));
            }</script>
            """
        let file = directory.file("page.html")
        try (page + script).write(toFile: file, atomically: false, encoding: .utf8)
        let log = directory.file("net.json")
        let errors = directory.file("errors")
        var words = [
            Self.executable, "--no-sandbox", "--disable-gpu", "--disable-background-networking",
            "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
            "--user-data-dir=\(directory.file("profile"))", "--log-net-log=\(log)", "--enable-logging=stderr",
            "--window-size=\(width),900", "--dump-dom", "file://\(file)",
        ]
        // Whoever may take the network away, does.
        if geteuid() == 0 { words = ["/usr/bin/unshare", "--net"] + words }
        let command = words.map { "'\($0)'" }.joined(separator: " ") + " 2>'\(errors)'"
        let shown = try await Subprocess.run("/bin/sh", ["-c", command])
        findings = Self.findings(in: shown)
        consoleLines = try String(contentsOfFile: errors, encoding: .utf8).split(separator: "\n").map(String.init)
            .filter { $0.contains(":CONSOLE:") }
        addresses = try String(contentsOfFile: log, encoding: .utf8)
            .matches(of: /"url":"([^"]*)/).map { String($0.1) }
    }

    private static func findings(in html: String) -> [String: String] {
        let start = html.matches(of: /<html[^>]*>/).first.map { String($0.0) } ?? ""
        return Dictionary(
            start.matches(of: /found-([a-z]+)="([^"]*)"/).map { (String($0.1), String($0.2)) },
            uniquingKeysWith: { first, _ in first })
    }
}
