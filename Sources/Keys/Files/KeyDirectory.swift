import CareRecord
import Foundation

/// Where a private authority keeps its certificate and key, and those that it has issued:
/// `ca.pem`, `ca.key`, `hies/ID.pem`, `hies/ID.key`, `brokers/REGION.pem` and `brokers/REGION.key`.
package struct KeyDirectory: Sendable {
    package let path: String

    package init(path: String) { self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }

    var authority: KeyPair { KeyPair(stem: "\(path)/ca") }

    func pair(of holder: Holder) -> KeyPair { KeyPair(stem: "\(path)/\(holder.folder)/\(holder.name)") }

    /// The certificates that are there, the authority's own first.
    func certificates() throws(KeysError) -> [KeyPair] {
        guard KeyFile.exists(path) else {
            throw KeysError(.unreadable, "there is no directory \(path): make it with wherry pki init --dir \(path)")
        }
        var pairs = KeyFile.exists(authority.certificate) ? [authority] : []
        for folder in [Holder.hies, Holder.brokers] {
            pairs += try issued(in: folder)
        }
        return pairs
    }

    /// Those in one folder, by name.
    func issued(in folder: String) throws(KeysError) -> [KeyPair] {
        let folder = "\(path)/\(folder)"
        guard KeyFile.exists(folder) else { return [] }
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            return names.filter { $0.hasSuffix(".pem") && !$0.hasPrefix(".") }.sorted()
                .map { KeyPair(stem: "\(folder)/\($0.dropLast(".pem".count))") }
        } catch {
            throw KeysError(.unreadable, "\(folder) cannot be listed: check its permissions", cause: error)
        }
    }

    /// Keeps other processes from working in the directory meanwhile: two that issue the same certificate would leave
    /// a key of the one and a certificate of the other.
    func alone<Value>(_ work: () throws(KeysError) -> Value) throws(KeysError) -> Value {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            throw KeysError(.unreadable, "\(path): \(reason): make it with wherry pki init --dir \(path)")
        }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw KeysError(.busy, "another wherry pki works in \(path): wait for its end, then try again")
        }
        // A process that is being started may hold the descriptor for a moment longer; closing would then not do.
        defer { flock(descriptor, LOCK_UN) }
        return try work()
    }
}

/// The files of one certificate.
struct KeyPair: Sendable, Hashable {
    /// Their common path without its ending.
    let stem: String

    var certificate: String { "\(stem).pem" }
    var key: String { "\(stem).key" }
    var request: String { "\(stem).csr" }
    /// The file's name alone, without its ending.
    var name: String { String(stem[(stem.lastIndex(of: "/").map { stem.index(after: $0) } ?? stem.startIndex)...]) }
}
