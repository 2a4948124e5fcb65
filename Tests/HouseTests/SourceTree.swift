import Foundation

/// The project's own Swift files, as lines.
struct SourceTree {
    struct File {
        /// From the top of the project: `Sources/AMQP/Session.swift`.
        let path: String
        let lines: [String]

        /// The second part of the path: the target.
        var target: String { String(path.split(separator: "/").dropFirst().first ?? "") }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    let files: [File]

    init(_ folders: String...) throws {
        var files: [File] = []
        for folder in folders {
            let base = Self.root.appending(path: folder)
            let found = FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil)
            while let url = found?.nextObject() as? URL {
                guard url.pathExtension == "swift" else { continue }
                let path = url.path.replacing(Self.root.path + "/", with: "", maxReplacements: 1)
                let text = try String(contentsOf: url, encoding: .utf8)
                files.append(
                    File(
                        path: path,
                        lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)))
            }
        }
        self.files = files.sorted { $0.path < $1.path }
    }

    /// `path:line` of every line that `matches`, which sees the code of a line without its comment, and the whole line.
    func places(where matches: (_ code: Substring, _ line: String) -> Bool) -> [String] {
        files.flatMap { file in
            file.lines.enumerated().compactMap { number, line in
                let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line[...]
                return matches(code, line) ? "\(file.path):\(number + 1)" : nil
            }
        }
    }
}
