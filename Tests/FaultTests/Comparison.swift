import Foundation
import LoadTest
import TestSupport
import Testing

/// Reads the workers' files with `sqlite3`, a program that is not ours, and holds them against each other.
extension FaultMesh {
    /// Every source's feed, its journal and its rows in every index are the same, and nothing was parked anywhere.
    func expectAllEqual(_ feeds: [Feed], _ comment: Comment? = nil) async throws {
        for feed in feeds {
            let journal = try await rows(of: feed.hie, "records.sqlite", Self.journalRows)
            let facts = Set(journal.map(Self.withoutNumber))
            #expect(journal.count == feed.expected.count, comment)
            // Sizes of differences, never the rows: they name patients.
            #expect(facts.symmetricDifference(feed.expected).count == 0, comment)
            let digest = try await rows(of: feed.hie, "records.sqlite", "SELECT hex(digest), head FROM journalState")
            for hie in Self.hies {
                let index = try await rows(of: hie, "index.sqlite", Self.indexRows(of: feed.hie))
                #expect(index.count == journal.count, "\(feed.hie) at \(hie); \(comment ?? "")")
                let difference = Set(index).symmetricDifference(journal)
                #expect(difference.count == 0, "\(feed.hie) at \(hie); \(comment ?? "")")
                let applied = try await rows(
                    of: hie, "index.sqlite", "SELECT hex(digest), watermark FROM source WHERE hie = '\(feed.hie)'")
                #expect(applied == digest, "digest and head of \(feed.hie) at \(hie); \(comment ?? "")")
                let islands = try await rows(
                    of: hie, "index.sqlite",
                    "SELECT count(*) FROM source WHERE islands <> '' UNION ALL SELECT count(*) FROM tombstone")
                #expect(islands == ["0", "0"], "islands and tombstones at \(hie); \(comment ?? "")")
            }
        }
        for hie in Self.hies {
            let waiting = "SELECT cause, detail, count(*) FROM letter WHERE state = 'parked' GROUP BY cause, detail"
            #expect(try await rows(of: hie, "deadletters.sqlite", waiting) == [], comment)
            #expect(try await client(hie).metric("wherry_messages_parked_total") == 0, comment)
        }
    }

    static let journalRows = """
        SELECT type || '/' || id, patient, coalesce(json_extract('{' || content, '$.code'), ''), seq
        FROM journal WHERE isPut = 1
        """

    static func indexRows(of source: String) -> String {
        """
        SELECT type || '/' || entry.id, patient, coalesce(code, ''), seq
        FROM entry JOIN source ON source.id = entry.source WHERE hie = '\(source)'
        """
    }

    private static func withoutNumber(_ row: String) -> String {
        row.split(separator: " ", omittingEmptySubsequences: false).dropLast().joined(separator: " ")
    }

    /// The rows, columns parted by a space; they go through a file, since they may be many.
    func rows(of hie: String, _ file: String, _ query: String) async throws -> [String] {
        let output = directory.file("rows.txt")
        try await Subprocess.run(
            "/usr/bin/sqlite3",
            [
                "-readonly", "-separator", " ", "-cmd", ".timeout 10000", "\(data(of: hie))/\(file)",
                ".once \(output)", query,
            ])
        return try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}

extension FaultMesh {
    /// Waits until every worker has applied everything that every worker has, and knows it.
    func expectQuiescent(_ comment: Comment? = nil) async {
        let isQuiescent = await eventually(within: Self.quiescenceSecondsMax) {
            do {
                var heads: [String: Int64] = [:]
                for hie in Self.hies {
                    heads[hie] = Int64(try await client(hie).metric("wherry_journal_head"))
                }
                for hie in Self.hies {
                    let sources = try await client(hie).lookup(Feed.sharedPatient).coverage
                    guard
                        sources.count == Self.hies.count,
                        sources.allSatisfy({ $0.state == "complete" && $0.watermark == heads[$0.hie] })
                    else { return false }
                }
                return true
            } catch {
                return false
            }
        }
        if !isQuiescent { await record("not everything arrived; \(comment ?? "")") }
    }

    private static let quiescenceSecondsMax = 90.0

    /// A failure, with how every worker is and what it said.
    func record(_ failure: String) async {
        Issue.record("\(failure)\n\(await describe())")
    }

    private func describe() async -> String {
        var lines: [String] = []
        for hie in Self.hies {
            guard let status = try? await client(hie).status() else {
                lines.append("\(hie): no answer")
                continue
            }
            let peers = status.peers.map { "\($0.hie) \($0.state) \($0.watermark) of \($0.head ?? -1)" }
            let brokers = status.brokers.map { "\($0.broker) \($0.state) \($0.reason ?? "")" }
            lines.append("\(hie): \(peers.joined(separator: ", ")); \(brokers.joined(separator: ", "))")
            lines.append(String(log(of: hie).suffix(1500)))
        }
        return lines.joined(separator: "\n")
    }
}
