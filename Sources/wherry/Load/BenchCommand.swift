import ArgumentParser
import Foundation
import Glibc
import LoadTest
import CareRecord

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "bench")
    @Argument var what: String
    @Option var rows = 100_000
    @Option var dir: String
    @Option var sizes = "10000,100000"
    @Option var seconds = 5.0
    func run() async throws {
        try? FileManager.default.createDirectory(atPath: dir, withIntermediateDirectories: true)
        func say(_ text: String) { Terminal.print(text) }
        if what.contains("w") {
            let (index, bare) = try await Baselines.writes(rows: rows, directory: dir, seed: 1)
            say("writes index \(Int(index)) bare \(Int(bare)) ratio \(index / bare)")
        }
        if what.contains("i") {
            let index = try await Baselines.indexWrites(rows: rows, directory: dir, seed: 1)
            say("writes index \(Int(index))")
        }
        if what.contains("g") {
            var profile = LoadProfile(name: "growth", about: "")
            profile.kind = .growth
            profile.sizes = sizes.split(separator: ",").compactMap { Int($0) }
            let results = try await GrowthRun(profile: profile, directory: dir, wherry: CommandLine.arguments[0]).run { print($0) }
            for r in results {
                func f(_ d: Double) -> String { String(format: "%.2f", d) }
                say("\(r.entries): writes \(Int(r.writesPerSecond))/\(Int(r.bareWritesPerSecond)) = \(f(r.writesPerSecond / r.bareWritesPerSecond)) updates \(Int(r.updatesPerSecond))/\(Int(r.bareUpdatesPerSecond)) = \(f(r.updatesPerSecond / r.bareUpdatesPerSecond)) http p50 \(f(r.lookupP50)) p99 \(f(r.lookupP99)) read p99 \(f(r.readP99)) bare \(f(r.bareReadP99)) bytes \(f(r.bytesPerEntry)) rss \(f(r.residentMebibytes))")
            }
        }
        if what.contains("h") {
            let port = Int(dir) ?? 0
            for c in [1, 8, 32] {
                let got = try await Baselines.http(target: LoadTarget(hie: .init("barts")!, host: "127.0.0.1", port: port), paths: [sizes], connections: c, seconds: seconds)
                say("\(c) connections \(Int(got.perSecond))/s \(got.bytes) bytes")
            }
        }
        if what.contains("r") {
            let reads = try await Baselines.reads(directory: dir, seconds: seconds)
            say("reads index \(Int(reads.index)) bare \(Int(reads.bare)) ratio \(reads.index / reads.bare)")
        }
    }
}
