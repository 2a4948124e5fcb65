package import Foundation

/// A result on the disk: `result.json`, a `.hgrm` a clock, and `report.html`.
package enum LoadReportWriter {
    package static let resultName = "result.json"
    package static let pageName = "report.html"
    /// A larger file is refused unread; a day's samples of ten HIEs are a tenth of it.
    static let resultMaxBytes = 1 << 30

    /// Why there is no result to read, in words that say what to do.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Makes the directory where it is missing, and writes over what is in it.
    package static func write(_ result: LoadResult, to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try json(result).write(to: URL(filePath: "\(directory)/\(resultName)"), options: .atomic)
        for (clock, latency) in result.latencies {
            let readings = [(clock, latency.recorded), ("\(clock)-uncorrected", latency.recordedUncorrected)]
            for (name, buckets) in readings where !buckets.isEmpty {
                try Data(HistogramLog(buckets).text.utf8).write(to: URL(filePath: "\(directory)/\(name).hgrm"))
            }
        }
        try Data(page(result).utf8).write(to: URL(filePath: "\(directory)/\(pageName)"))
    }

    /// The whole of `report.html`.
    package static func page(_ result: LoadResult) -> String { ReportPage(result).html }

    /// As `result.json` holds it.
    package static func json(_ result: LoadResult) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        // A figure that could not be reckoned must not cost the whole run.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: notANumber)
        return try encoder.encode(result)
    }

    /// Reads a `result.json`, or that of a directory.
    package static func read(path: String) throws(Failure) -> LoadResult {
        var isDirectory: ObjCBool = false
        let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        guard isThere else {
            throw Failure(description: "\(path) not found: give the directory of a run, or its \(resultName)")
        }
        let file = isDirectory.boolValue ? "\(path)/\(resultName)" : path
        let data: Data
        do {
            data = try contents(of: file)
        } catch {
            let hint =
                isDirectory.boolValue && !FileManager.default.fileExists(atPath: file)
                ? "holds no \(resultName): it is not the directory of a run that has ended" : "cannot be read"
            throw Failure(description: "\(isDirectory.boolValue ? path : file) \(hint)")
        }
        guard data.count <= resultMaxBytes else {
            throw Failure(description: "\(file) is over \(resultMaxBytes) bytes: it is no result of a load test")
        }
        return try parse(data, file: file)
    }

    /// One byte more than may be there, so that what is too large shows.
    private static func contents(of file: String) throws -> Data {
        let handle = try FileHandle(forReadingFrom: URL(filePath: file))
        defer { try? handle.close() }
        return try handle.read(upToCount: resultMaxBytes + 1) ?? Data()
    }

    private struct Head: Decodable {
        let format: Int?
        let profile: String?
    }

    private static let infinity = "Infinity"
    private static let notANumber = "NaN"

    static func parse(_ data: Data, file: String) throws(Failure) -> LoadResult {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: notANumber)
        guard let head = try? decoder.decode(Head.self, from: data) else {
            throw Failure(
                description: "\(file) is no result of a load test: it is not a JSON object, or it is cut")
        }
        guard let format = head.format, head.profile != nil else {
            throw Failure(
                description: "\(file) is no result of a load test: give what wherry load run has written")
        }
        guard format == LoadResult.currentFormat else {
            throw Failure(
                description: "\(file) has format \(format), and this Wherry reads format \(LoadResult.currentFormat): "
                    + "use the Wherry that wrote it")
        }
        do {
            return try decoder.decode(LoadResult.self, from: data)
        } catch {
            throw Failure(description: "\(file) is damaged: \(words(error))")
        }
    }

    private static func words(_ error: any Error) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty ? "the result" : "`" + path.map(\.stringValue).joined(separator: ".") + "`"
        }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(place(context.codingPath)) is not what it should be"
        case .dataCorrupted(let context): return "\(place(context.codingPath)) cannot be read"
        case nil: return "it cannot be read"
        @unknown default: return "it cannot be read"
        }
    }
}
