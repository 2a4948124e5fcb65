package import CareRecord

/// A referral as a list has it.
package struct Referral: Sendable, Hashable {
    /// Where it stands in the list, from 1.
    package let line: Int
    package let number: NHSNumber
    package let day: CalendarDay
}

/// The referrals of a CSV list: an NHS number and a date a row, in the columns that a header names or in the first two.
package struct ReferralList: Sendable {
    package enum Row: Sendable, Hashable {
        case referral(Referral)
        /// A row that is none, with what it has in the two columns and why.
        case refused(line: Int, number: String, day: String, reason: String)
    }

    /// Why a text is no such list.
    package enum Failure: Error, Sendable, Hashable {
        case csv(CSVReader.Failure)
        case empty
        case noColumn(String)
        case tooManyRows(max: Int)

        package var reason: String {
            switch self {
            case .csv(let failure): failure.reason
            case .empty: "there are no rows: each has an NHS number and a referral date, such as 9990000018,2026-11-02"
            case .noColumn(let name): "the header has no column \(name): name it, or leave out the header"
            case .tooManyRows(let max): "more than \(max) rows: send the list in parts"
            }
        }
    }

    package let rows: [Row]

    package init(_ bytes: [UInt8], rowsMax: Int) throws(Failure) {
        var reader: CSVReader
        do throws(CSVReader.Failure) {
            reader = try CSVReader(bytes)
        } catch {
            throw .csv(error)
        }
        var rows: [Row] = []
        var columns: ReferralColumns?
        while let row = reader.next() {
            if columns == nil {
                columns = try ReferralColumns(header: row.cells)
                if columns != nil { continue }
                columns = .first
            }
            guard rows.count < rowsMax else { throw .tooManyRows(max: rowsMax) }
            rows.append(Row(row, columns ?? .first))
        }
        guard !rows.isEmpty else { throw .empty }
        self.rows = rows
    }

    /// A list of these referrals, for another reader of lists: it has their lines in a column.
    package static func csv(_ referrals: some Sequence<Referral>) -> [UInt8] {
        var writer = CSVWriter()
        writer.row(["line", "nhsNumber", "referralDate"])
        for referral in referrals { writer.row([String(referral.line), referral.number.text, referral.day.text]) }
        return writer.bytes
    }
}

/// Where a list has what.
private struct ReferralColumns {
    static let first = ReferralColumns(number: 0, day: 1, line: nil)

    let number: Int
    let day: Int
    let line: Int?

    private static let numberNames = ["nhsnumber", "nhsno", "nhsnum", "nhsid", "patientnhsnumber", "nhs"]
    private static let dayNames = [
        "referraldate", "dateofreferral", "datereferred", "referreddate", "referredon", "referral", "date",
    ]

    private init(number: Int, day: Int, line: Int?) {
        self.number = number
        self.day = day
        self.line = line
    }

    /// `nil` for a row that names neither column.
    init?(header cells: [String]) throws(ReferralList.Failure) {
        let names = cells.map { cell in String(cell.lowercased().filter { $0.isLetter || $0.isNumber }) }
        func place(_ known: [String]) -> Int? { known.lazy.compactMap { names.firstIndex(of: $0) }.first }
        switch (place(Self.numberNames), place(Self.dayNames)) {
        case (nil, nil): return nil
        case (nil, _?): throw .noColumn("nhsNumber")
        case (_?, nil): throw .noColumn("referralDate")
        case (let number?, let day?): self.init(number: number, day: day, line: names.firstIndex(of: "line"))
        }
    }
}

extension ReferralList.Row {
    fileprivate init(_ row: CSVReader.Row, _ columns: ReferralColumns) {
        let cells: [String]
        switch row.content {
        case .success(let read): cells = read
        case .failure(let problem):
            self = .refused(line: row.line, number: "", day: "", reason: problem.reason)
            return
        }
        func cell(_ place: Int) -> String {
            guard place < cells.count else { return "" }
            return String(cells[place].trimmingPrefix(while: \.isWhitespace).trimmingSuffix(while: \.isWhitespace))
        }
        let line = columns.line.flatMap { Int(cell($0)) }.flatMap { $0 > 0 ? $0 : nil } ?? row.line
        let (numberText, dayText) = (cell(columns.number), cell(columns.day))
        // A no-break space is what some systems put between the groups of digits.
        let number = NHSNumber(String(numberText.map { $0 == "\u{A0}" ? " " : $0 }))
        let day = CalendarDay(written: dayText)
        if let number, let day {
            self = .referral(Referral(line: line, number: number, day: day))
            return
        }
        var reasons: [String] = []
        if number == nil { reasons.append(Self.reason(noNumber: numberText)) }
        if day == nil { reasons.append(Self.reason(noDay: dayText)) }
        self = .refused(line: line, number: numberText, day: dayText, reason: reasons.joined(separator: "; "))
    }

    private static func reason(noNumber text: String) -> String {
        text.isEmpty
            ? "no NHS number"
            : "not a valid NHS number: it has ten digits, the last of which is a modulus 11 check digit"
    }

    private static func reason(noDay text: String) -> String {
        text.isEmpty ? "no referral date" : "not a referral date: write 2026-11-02 or 02/11/2026"
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
        var rest = self
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}
