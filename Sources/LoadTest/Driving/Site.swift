import CareRecord
import NIOCore

/// One worker as a driver sees it: the ways to it, and the changes on their way. A worker that moved gets others.
final class Site {
    static let lookupConnectionsMax = 48
    static let queryConnectionsMax = 32
    static let controlConnectionsMax = 16
    private static let changeSecondsMax = 30
    private static let querySecondsBeyondDeadline = 10

    let place: Int
    let target: LoadTarget
    let changes: HTTPLane
    let lookups: HTTPLane
    let queries: HTTPLane
    /// For everything that is not part of the load.
    let control: HTTPLane
    let feed: ProgressFeed
    private let lookupEnd: ByteBuffer
    private let queryEnd: ByteBuffer

    init(
        _ target: LoadTarget, place: Int, deadlineMilliseconds: Int64, on eventLoop: any EventLoop,
        _ onProgress: @escaping (ProgressEvent, _ at: UInt64) -> Void
    ) {
        self.target = target
        self.place = place
        func lane(_ connectionsMax: Int, secondsMax: Int) -> HTTPLane {
            var limits = HTTPLane.Limits()
            limits.connectionsMax = connectionsMax
            limits.answerSecondsMax = secondsMax
            return HTTPLane(host: target.host, port: target.port, on: eventLoop, limits: limits)
        }
        changes = lane(SourceLine.underWayMax, secondsMax: Self.changeSecondsMax)
        lookups = lane(Self.lookupConnectionsMax, secondsMax: 10)
        let querySeconds = Int(deadlineMilliseconds / 1000) + Self.querySecondsBeyondDeadline
        queries = lane(Self.queryConnectionsMax, secondsMax: querySeconds)
        control = lane(Self.controlConnectionsMax, secondsMax: 60)
        feed = ProgressFeed(host: target.host, port: target.port, on: eventLoop, onProgress)
        lookupEnd = ByteBuffer(string: " HTTP/1.1\r\nHost: \(changes.authority)\r\n\r\n")
        queryEnd = ByteBuffer(
            string: """
                /record?deadline=\(deadlineMilliseconds)ms HTTP/1.1\r
                Host: \(changes.authority)\r
                Wherry-Person: load-test\r
                Wherry-Role: clinician\r
                Wherry-Organisation: \(target.hie)\r
                Wherry-Purpose: direct care\r
                \r

                """)
    }

    func lookup(_ number: NHSNumber) -> HTTPRequest { request(number, lookupEnd) }
    func query(_ number: NHSNumber) -> HTTPRequest { request(number, queryEnd) }

    func post(_ body: [UInt8], contentType: String) -> HTTPRequest {
        .post(
            "/fhir", host: changes.authority, contentType: contentType, headers: [("Prefer", "return=minimal")],
            body: body)
    }

    func get(_ path: String) -> HTTPRequest { .get(path, host: changes.authority) }

    func close() {
        feed.close()
        for lane in [changes, lookups, queries, control] { lane.close() }
    }

    private func request(_ number: NHSNumber, _ end: ByteBuffer) -> HTTPRequest {
        var bytes = ByteBufferAllocator().buffer(capacity: 32 + end.readableBytes)
        bytes.writeStaticString("GET /api/patients/")
        bytes.writeString(number.text)
        bytes.writeImmutableBuffer(end)
        return HTTPRequest(bytes: bytes)
    }
}
