package import CareRecord
import Foundation
import Topology

extension LoadProfile {
    private static let file = YAMLFile(
        what: "load profile", remedy: "give the path of a profile, or the name of one in Topology/load")
    private static let fileEnding = ".yaml"

    /// Reads a profile's file. Where `connected` names the HIEs of the topology that have workers, in its order, the
    /// profile is held to them.
    package static func load(
        path: String, connected: [HIEIdentifier]? = nil
    ) throws(LoadProfileError) -> LoadProfile {
        let yaml: String
        do {
            yaml = try file.text(path: path)
        } catch {
            throw LoadProfileError(error)
        }
        return try parse(yaml: yaml, file: path, connected: connected)
    }

    /// Reads a profile from text; `file` is the name that mistakes are reported under, and its last part the profile's.
    package static func parse(
        yaml: String, file: String, connected: [HIEIdentifier]? = nil
    ) throws(LoadProfileError) -> LoadProfile {
        var nodes = NodeReader(file: file)
        do throws(YAMLFile.Failure) {
            let root = try Self.file.tree(of: yaml, first: "about:, duration: and so on", into: &nodes)
            var reader = LoadProfileReader(nodes, name: name(ofFile: file), connected: connected)
            guard let profile = reader.read(root) else { throw YAMLFile.Failure.refused(reader.mistakes) }
            return profile
        } catch {
            throw LoadProfileError(error)
        }
    }

    /// The names of the profiles in a directory, sorted; none where there is no such directory.
    package static func shipped(in directory: String) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return files.filter { $0.hasSuffix(fileEnding) }.map { String($0.dropLast(fileEnding.count)) }.sorted()
    }

    /// The file of a profile that is named in a directory. What is known there is part of the error.
    package static func path(of name: String, in directory: String) throws(LoadProfileError) -> String {
        let known = shipped(in: directory)
        if known.contains(name) { return "\(directory)/\(name)\(fileEnding)" }
        let names = known.isEmpty ? "it has none" : "it has " + known.joined(separator: ", ")
        throw LoadProfileError(
            .unreadable,
            "there is no profile `\(NodeReader.shown(name))` in \(directory): \(names)"
                + Suggestion.text(for: name, among: known))
    }

    private static func name(ofFile path: String) -> String {
        let last = path.split(separator: "/").last.map(String.init) ?? path
        return last.hasSuffix(fileEnding) ? String(last.dropLast(fileEnding.count)) : last
    }
}

extension LoadProfileError {
    fileprivate init(_ failure: YAMLFile.Failure) {
        switch failure {
        case .unreadable(let reason, let cause): self.init(.unreadable, reason, cause: cause)
        case .refused(let mistakes): self.init(.invalid, "the load profile is refused", mistakes: mistakes.inOrder)
        }
    }
}
