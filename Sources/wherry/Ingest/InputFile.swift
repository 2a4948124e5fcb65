import CareRecord
import Foundation

/// One thing to send: a bundle or resource, or lines of resources.
struct InputFile: Sendable, Hashable {
    enum Format: Sendable, Hashable {
        case json
        case ndjson
        /// To be told from its first line.
        case unknown
    }

    /// `-` is standard input.
    let path: String
    let format: Format
    /// `nil` where it cannot be known.
    let size: Int?

    /// What the arguments name, in their order; of a directory its `*.json` and `*.ndjson`, sorted by name.
    static func list(_ arguments: [String]) throws(CommandFailure) -> [InputFile] {
        var files: [InputFile] = []
        for argument in arguments {
            guard argument != "-" else {
                files.append(InputFile(path: "-", format: .unknown, size: nil))
                continue
            }
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: argument, isDirectory: &isDirectory) else {
                throw CommandFailure(
                    .refused, "\(argument) is not there: give files, directories, or - for standard input")
            }
            if isDirectory.boolValue {
                files += try list(directory: argument)
            } else {
                files.append(InputFile(path: argument))
            }
        }
        return files
    }

    private static func list(directory: String) throws(CommandFailure) -> [InputFile] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            throw CommandFailure(.refused, "the directory \(directory) cannot be read: check its permissions")
        }
        let files = names.sorted().map { InputFile(path: "\(directory)/\($0)") }.filter { $0.format != .unknown }
        guard !files.isEmpty else {
            throw CommandFailure(.refused, "the directory \(directory) has no *.json and no *.ndjson")
        }
        return files
    }

    private init(path: String, format: Format, size: Int?) {
        self.path = path
        self.format = format
        self.size = size
    }

    private init(path: String) {
        self.init(
            path: path, format: path.hasSuffix(".ndjson") ? .ndjson : path.hasSuffix(".json") ? .json : .unknown,
            size: Self.size(of: path))
    }

    /// `nil` for what is no regular file.
    static func size(of path: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular else { return nil }
        return (attributes?[.size] as? NSNumber)?.intValue
    }
}

extension InputFile.Format {
    /// A first line that is a whole resource, and no bundle, begins NDJSON; anything else is one JSON text.
    init(start: [UInt8]) {
        let line = start.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first.map(Array.init) ?? []
        guard case .object(let members)? = try? JSON.parse(line), members["resourceType"]?.text != "Bundle" else {
            self = .json
            return
        }
        self = .ndjson
    }
}
