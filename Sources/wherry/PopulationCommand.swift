import ArgumentParser
import CareRecord
import Foundation
import LoadTest
import Topology

/// Writes the records of an invented population, for demonstrations and load tests.
struct PopulationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "population",
        abstract: "Write the records of an invented population.",
        discussion: """
            Everything follows from the seed: the same command writes the same bytes. Patients have NHS numbers of the \
            test range 999 and records at one to four HIEs.

            bundles: a transaction bundle a patient, DIR/HIE/NUMBER.json; ndjson: a resource a line, DIR/HIE.ndjson. \
            Onto standard output (--out -) the records of one HIE are written, one resource or bundle a line.

            Examples:
              wherry population --patients 1000 --out ./population
              wherry population --patients 50 --hie barts --format bundles --out ./population
            """)

    private static let flushBytes = 1 << 20

    @Option(help: .init("Another seed is another population.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: .init("How many patients live in all HIEs together.", valueName: "number"))
    var patients: Int

    @Option(help: .init("The HIE whose records are written; may be given again (default: every HIE).", valueName: "id"))
    var hie: [HIEIdentifier] = []

    @Option(
        name: .customLong("topology"),
        help: .init("The topology file that names the HIEs (default: those of London).", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var topologyFile: String?

    @Option(help: "bundles or ndjson.")
    var format = Population.Format.ndjson

    @Option(help: .init("A directory, made where it is missing; or - for standard output.", valueName: "dir"))
    var out: String

    mutating func validate() throws {
        guard (0...Population.patientsMax).contains(patients) else {
            throw ValidationError("--patients is a number up to \(Population.patientsMax)")
        }
        if out == "-", hie.count != 1 { throw ValidationError("--out - takes one --hie") }
    }

    func run() async throws {
        let all = try topologyFile.map { try Topology.load(path: $0).hies.map(\.id) } ?? Population.londonHIEs
        if let unknown = hie.first(where: { !all.contains($0) }) {
            let known = all.map(\.text).joined(separator: ", ")
            throw CommandFailure(.refused, "\(unknown) is not one of the HIEs: \(known)")
        }
        let population = Population(seed: seed, patients: patients, hies: all)
        for hie in hie.isEmpty ? all : hie {
            do {
                try write(population, of: hie)
            } catch {
                throw CommandFailure(.failed, "\(out) cannot be written to: \(error.localizedDescription)")
            }
        }
    }

    private func write(_ population: Population, of hie: HIEIdentifier) throws {
        switch (out, format) {
        case ("-", _): try writeLines(population, of: hie, to: .standardOutput)
        case (_, .ndjson):
            try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
            let path = "\(out)/\(hie).ndjson"
            try Data().write(to: URL(filePath: path))
            try writeLines(population, of: hie, to: FileHandle(forWritingTo: URL(filePath: path)))
        case (_, .bundles):
            try FileManager.default.createDirectory(atPath: "\(out)/\(hie)", withIntermediateDirectories: true)
            for patient in population.patients(knownTo: hie) {
                let bundle = population.bundle(patient: patient, at: hie)
                try Data(bundle).write(to: URL(filePath: "\(out)/\(hie)/\(Self.name(of: patient)).json"))
            }
        }
    }

    private func writeLines(_ population: Population, of hie: HIEIdentifier, to handle: FileHandle) throws {
        var writer = JSONWriter(capacity: Self.flushBytes * 2)
        for patient in population.patients(knownTo: hie) {
            population.write(patient: patient, at: hie, as: format, into: &writer)
            guard writer.count >= Self.flushBytes else { continue }
            try handle.write(contentsOf: Data(writer.bytes))
            writer.removeAll()
        }
        try handle.write(contentsOf: Data(writer.bytes))
    }

    /// Six digits, so that names sort by number.
    private static func name(of patient: Int) -> String {
        let digits = String(patient)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }
}

extension Population.Format: ExpressibleByArgument {}
