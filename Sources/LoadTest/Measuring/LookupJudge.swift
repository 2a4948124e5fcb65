import CareRecord

/// What is wrong with a worker's answer about a patient. Pure.
struct LookupJudge {
    /// A worker that is stopped sends no pulses: a subscriber has received the last within this long.
    static let pulseSlackMilliseconds: Int64 = 3000

    enum Fault: Equatable {
        /// No answer of the form that was asked for, or one about somebody else.
        case unreadable
        /// An HIE is named never, or twice.
        case incomplete
        /// An HIE is said to be complete as of a moment at which its worker had stood still for long.
        case impossible
    }

    /// The names that coverage has to have.
    private let names: [[UInt8]]

    /// `hies` are those that coverage has to name; others may be named.
    init(naming hies: [HIEIdentifier]) { names = hies.map { Array($0.text.utf8) } }

    /// `stopped` says since when workers stand still, by their place among the names.
    func fault(in body: UnsafeRawBufferPointer, about number: NHSNumber, stopped: [Int: Timestamp]) -> Fault? {
        guard Self.names(number, body), let place = body.lastPlace(of: "\"coverage\":[") else { return .unreadable }
        return faults(in: body, at: place + 11, stopped)
    }

    /// The same of a query's answer, whose states are others.
    func fault(inAnswers body: UnsafeRawBufferPointer, about number: NHSNumber) -> Fault? {
        guard Self.names(number, body), let place = body.firstPlace(of: "\"answers\":[") else { return .unreadable }
        return faults(in: body, at: place + 10, [:])
    }

    private func faults(
        in body: UnsafeRawBufferPointer, at place: Int, _ stopped: [Int: Timestamp]
    ) -> Fault? {
        var seen = Array(repeating: false, count: names.count)
        var fault: Fault?
        var scan = JSONScan(body, at: place)
        let isWhole = scan.objects { scan in
            var hie: Int?
            var isComplete = false
            var asOf: Range<Int>?
            let isObject = scan.members { name, value in
                if body.equals(name, "hie") {
                    hie = names.firstIndex { body.equals(value, $0) }
                } else if body.equals(name, "state") {
                    isComplete = body.equals(value, "complete")
                } else if body.equals(name, "asOf") {
                    asOf = value
                }
            }
            guard let hie else { return isObject }
            if seen[hie] { fault = .incomplete }
            seen[hie] = true
            if isComplete, let since = stopped[hie], Self.isLater(body, asOf, than: since) { fault = .impossible }
            return isObject
        }
        guard isWhole else { return .unreadable }
        if let fault { return fault }
        return seen.allSatisfy(\.self) ? nil : .incomplete
    }

    private static func isLater(
        _ body: UnsafeRawBufferPointer, _ asOf: Range<Int>?, than since: Timestamp
    ) -> Bool {
        guard let asOf, let moment = Timestamp(text: String(decoding: body[asOf], as: UTF8.self)) else { return true }
        return moment.milliseconds > since.milliseconds + pulseSlackMilliseconds
    }

    /// `{"nhsNumber":"9990000018",` is how an answer begins.
    private static func names(_ number: NHSNumber, _ body: UnsafeRawBufferPointer) -> Bool {
        body.count > 26 && body.equals(0..<14, "{\"nhsNumber\":\"") && body.integer(14..<24) == number.value
            && body.last == UInt8(ascii: "}")
    }
}

// MARK: - Records

extension LookupJudge {
    /// The entries of an answer that a load test made; `nil` where it is not of the form that was asked for.
    /// `sources` are the names of the HIEs whose records there may be.
    static func records(in body: UnsafeRawBufferPointer, sources: [[UInt8]]) -> [SeenRecord]? {
        guard let place = body.firstPlace(of: "\"entries\":[") else { return nil }
        var records: [SeenRecord] = []
        var scan = JSONScan(body, at: place + 10)
        let isWhole = scan.objects { scan in
            var source: Int?
            var number: Int?
            var mark: VersionMark?
            let isObject = scan.members { name, value in
                if body.equals(name, "source") {
                    source = sources.firstIndex { body.equals(value, $0) }
                } else if body.equals(name, "resource") {
                    number = RecordNumber.read(body[value])
                } else if body.equals(name, "date") {
                    mark = VersionMark(body[value])
                }
            }
            if let source, let number {
                let id = Ledger.RecordID(source: source, number: number)
                records.append(SeenRecord(id: id, mark: mark ?? VersionMark(seconds: 0)))
            }
            return isObject
        }
        return isWhole ? records : nil
    }
}

extension UnsafeRawBufferPointer {
    /// Where the first occurrence of a text begins.
    fileprivate func firstPlace(of text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        guard count >= length else { return nil }
        let pattern = UnsafeRawBufferPointer(start: text.utf8Start, count: length)
        for start in 0...count - length where self[start] == pattern[0] && equals(start..<start + length, text) {
            return start
        }
        return nil
    }
}
