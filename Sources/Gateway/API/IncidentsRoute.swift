import CareRecord
import Hummingbird
import Storage
import Worker

/// `GET /api/incidents`: what somebody has to look into, the newest first. It names no patient: `audit.sqlite` has that
/// under the same number.
struct IncidentsRoute: Sendable {
    let worker: Worker

    private static let incidentsMax = 100

    func get() async throws -> Response {
        let counts = try await worker.audit.counts(of: AccessEvent.Kind.incidents)
        let incidents = try await worker.audit.incidents(max: Self.incidentsMax)
        return .json { json in
            json.members(of: worker.seat)
            json.object("counts") { $0.members(ofIncidents: counts) }
            json.array("incidents") { json in
                for incident in incidents {
                    json.object { json in
                        json.member("number", incident.number)
                        json.member("kind", incident.kind.rawValue)
                        json.member("at", incident.at.text)
                        json.member("source", incident.hie?.text)
                        json.member("detail", incident.detail)
                    }
                }
            }
        }
    }
}

extension JSONWriter {
    mutating func members(ofIncidents counts: [AccessEvent.Kind: Int]) {
        member("foreignAnswer", counts[.foreignAnswer] ?? 0)
        member("questionRefused", counts[.questionRefused] ?? 0)
    }
}
