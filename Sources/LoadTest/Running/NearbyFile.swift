import Foundation

/// Finds what lies in the source tree beside the package, whichever directory the command is run from.
package enum NearbyFile {
    /// Parents that are looked into from one directory.
    private static let levelsMax = 32

    /// The absolute path of `file`, such as `Scripts/broker`, in the first of these directories or the nearest of their
    /// parents that has it.
    package static func path(of file: String, from directories: [String]) -> String? {
        for directory in directories {
            var place = URL(filePath: directory).standardizedFileURL
            for _ in 0..<levelsMax {
                let path = place.appending(path: file).path
                if FileManager.default.fileExists(atPath: path) { return path }
                guard place.path != "/" else { break }
                place.deleteLastPathComponent()
            }
        }
        return nil
    }

    /// Where a command looks: its working directory, then that of its executable.
    package static var places: [String] {
        [FileManager.default.currentDirectoryPath, URL(filePath: executable).deletingLastPathComponent().path]
    }

    /// The file of this process.
    package static let executable: String =
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
}
