import AMQP
import AsyncHTTPClient
import CareRecord
import LoadTest
import NIOCore
import Replication
import TestSupport

extension QueryMesh {
    /// The epoch of the journal that stands for homerton's, whose worker does not run.
    static let homertonEpoch = Epoch("2026-01-01T00:00:00.000Z-00000001")!  // a well-formed constant

    /// What a line of homerton's changes says after its number: a condition of a patient.
    static func line(_ seq: Int64, _ resource: String, category: String? = "condition") -> String {
        let category = category.map { #","category":"\#($0)""# } ?? ""
        return #"{"seq":\#(seq),"op":"put","patient":"\#(Samples.number)","resource":"\#(resource)"\#(category)}"#
    }

    /// Publishes a message with these lines over the broker of homerton's region; its range ends with `through`.
    func send(
        _ lines: [String], after: Int64, through: Int64, change: (inout Message) -> Void = { _ in }
    ) async throws {
        let page = JournalPage(
            epoch: Self.homertonEpoch, after: after, through: through, head: through, changeCount: lines.count,
            body: Array(lines.map { $0 + "\n" }.joined().utf8))
        var outgoing = ChangeBatch.message(source: Self.homerton, page, sentAt: LetterSamples.moment)
        change(&outgoing.message)
        let session = try await Session.open(
            try Endpoint(url: "\(broker.url)/\(virtualHosts["nel"] ?? "")"), settings: SessionSettings(name: "test"),
            logger: logger)
        do {
            _ = try await session.publishConfirmed(
                outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey)
            await session.close()
        } catch {
            await session.close()
            throw error
        }
    }
}

extension RunningGateway {
    static let letters = "/api/deadletters"

    /// Posts a JSON object.
    func act(_ path: String, _ body: String) async throws -> Answer {
        try await ask(.post, Self.letters + path, type: "application/json", body: .bytes(ByteBuffer(string: body)))
    }

    /// The letters that are parked, once there are so many.
    func parked(_ count: Int) async throws -> [JSON] {
        let answer = try await eventually(Self.letters) { $0.json["total"]?.integer == Int64(count) }
        return answer.json["deadLetters"]?.elements ?? []
    }

    /// The plan, once it does not run.
    func over(_ plan: String) async throws -> JSON {
        try await eventually("\(Self.letters)/plans/\(plan)") {
            !["planned", "running"].contains($0.json["state"]?.text)
        }.json
    }
}
