import CareRecord
import HTTPTypes
import Hummingbird
import NIOCore

/// Reads the bodies of requests within the limits.
struct BodyReader: Sendable {
    let settings: GatewaySettings
    private let bytesMax: Int
    private let adviceWhenLarger: String
    private let largeBodies: Gate

    /// `adviceWhenLarger` is what whoever sent more than `bytesMax` should do.
    init(_ settings: GatewaySettings, bytesMax: Int, adviceWhenLarger: String) {
        self.settings = settings
        self.bytesMax = bytesMax
        self.adviceWhenLarger = adviceWhenLarger
        largeBodies = Gate(
            "large bodies", places: settings.largeBodiesMax, waitingMax: settings.waitingMax,
            waitSecondsMax: settings.waitSecondsMax)
    }

    /// Hands the whole body to `work`. One that may be large is read, and stays, in one of a few places.
    func withBody<Value: Sendable>(
        of request: Request, _ work: @escaping @Sendable ([UInt8]) async throws -> Value
    ) async throws -> Value {
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        if let announced, announced <= settings.largeBodyBytes {
            return try await work(try await bytes(of: request, announced))
        }
        return try await largeBodies.pass { try await work(try await bytes(of: request, announced)) }
    }

    private func bytes(of request: Request, _ announced: Int?) async throws -> [UInt8] {
        let limit = bytesMax
        return try await withDeadline(seconds: settings.bodySecondsMax) {
            var bytes: [UInt8] = []
            var dropped = 0
            if let announced, announced <= limit { bytes.reserveCapacity(announced) }
            if let announced, announced > limit + settings.drainBytesMax { throw tooLarge(isDrained: false) }
            for try await buffer in request.body {
                if dropped == 0, bytes.count + buffer.readableBytes <= limit {
                    bytes.append(contentsOf: buffer.readableBytesView)
                } else {
                    bytes = []
                    dropped += buffer.readableBytes
                    if dropped > settings.drainBytesMax { throw tooLarge(isDrained: false) }
                }
            }
            if dropped > 0 { throw tooLarge(isDrained: true) }
            return bytes
        }
    }

    private func tooLarge(isDrained: Bool) -> Refusal {
        var refusal = Refusal(
            .contentTooLarge, .tooCostly,
            "the body is larger than \(bytesMax >> 20) MiB: \(adviceWhenLarger)")
        refusal.endsConnection = !isDrained
        return refusal
    }
}

/// What a body claims to be.
enum BodyFormat {
    case json
    case ndjson

    /// Refuses what is neither.
    init(of request: Request) throws(Refusal) {
        let text = request.headers[.contentType] ?? ""
        let type = text.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        switch type {
        case "application/fhir+json", "application/json": self = .json
        case "application/fhir+ndjson", "application/x-ndjson", "application/ndjson": self = .ndjson
        default:
            throw Refusal(
                .unsupportedMediaType, .notSupported,
                "send application/fhir+json, or application/fhir+ndjson with one resource a line, as the Content-Type")
        }
    }
}
