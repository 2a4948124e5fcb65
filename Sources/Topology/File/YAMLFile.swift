import Foundation
package import Yams

/// A YAML file that somebody wrote by hand: read with a bound, screened and parsed, with every mistake in its place.
package struct YAMLFile: Sendable {
    /// A larger file is refused unread.
    package static let sizeMaxBytes = 1 << 20

    /// What kind of file it is, for messages: `topology file`.
    let what: String
    /// What to do where it is not found: `give its path with --topology`.
    let remedy: String

    package init(what: String, remedy: String) {
        self.what = what
        self.remedy = remedy
    }

    /// Why there is no text or no tree.
    package enum Failure: Error {
        case unreadable(reason: String, cause: (any Error)?)
        case refused([Mistake])
    }

    /// What the file says, unread.
    package func text(path: String) throws(Failure) -> String {
        let data: Data
        do {
            guard let file = FileHandle(forReadingAtPath: path) else { throw CocoaError(.fileReadNoSuchFile) }
            defer { try? file.close() }
            data = try file.read(upToCount: Self.sizeMaxBytes + 1) ?? Data()
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            let reason = isThere ? "cannot be read: check its permissions" : "not found: \(remedy)"
            throw .unreadable(reason: "\(what) \(path) \(reason)", cause: error)
        }
        guard data.count <= Self.sizeMaxBytes else {
            throw .unreadable(
                reason: "\(what) \(path) is over \(Self.sizeMaxBytes) bytes: is it a \(what) at all?", cause: nil)
        }
        guard let yaml = String(validating: data, as: UTF8.self) else {
            throw .unreadable(reason: "\(what) \(path) is not UTF-8: save it as UTF-8", cause: nil)
        }
        return yaml
    }

    /// The tree of a text; `first` is what to write into an empty one. Mistakes are reported under the reader's file.
    package func tree(of yaml: String, first: String, into reader: inout NodeReader) throws(Failure) -> Node {
        ScreenedText.screen(yaml, into: &reader)
        guard reader.mistakes.isEmpty else { throw .refused(reader.mistakes) }
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw .refused([SyntaxMistake.mistake(error, file: reader.file)])
        }
        guard let root else {
            reader.note("the file is empty: write \(first)", line: 1, column: 1)
            throw .refused(reader.mistakes)
        }
        return root
    }
}
