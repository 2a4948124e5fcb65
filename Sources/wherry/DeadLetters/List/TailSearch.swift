import CareRecord

/// Finds the last letters of a list that a worker gives in order of their number, from any number on: in few pages,
/// however long the list is.
///
/// Each page is asked for above some number. Where it is full, the end lies above it; where it has too few, below. The
/// distance doubles until the end is passed, and is halved from there.
struct TailSearch {
    enum Step {
        /// Ask for a page of letters above this number.
        case ask(after: Int64)
        /// The last letters, in order.
        case found([JSON])
    }

    static let pageLetters = 1000
    static let pagesMax = 100
    private static let strideMax: Int64 = 1 << 40

    private let wanted: Int
    private let page: Int64
    private var pages = 0
    private var asked: Int64 = 0
    /// More letters than a page takes lie above this number, or above where it stood before it was last raised.
    private var low: Int64 = 0
    /// The last letters up to `low`, without any between that are not here.
    private var tail: [JSON] = []
    /// Too few letters lie above this one; `nil` until one is known.
    private var high: Int64?
    private var stride: Int64 = 0

    init(wanted: Int, page: Int = Self.pageLetters) {
        self.wanted = wanted
        self.page = Int64(page)
    }

    /// Takes the page that was asked for last, the first being above 0.
    mutating func take(_ letters: [JSON], hasMore: Bool, total: Int) -> Step {
        pages += 1
        let last = letters.last?["id"]?.integer ?? asked
        if hasMore, last > asked, pages < Self.pagesMax {
            let before = asked == low ? tail : []
            low = last
            tail = (before + letters).suffix(wanted)
            return ask(after: next(left: total - letters.count - wanted))
        }
        if asked == low || letters.count >= wanted || pages >= Self.pagesMax {
            return .found(((asked == low ? tail : []) + letters).suffix(wanted))
        }
        high = asked
        return ask(after: next(left: 0))
    }

    private mutating func ask(after number: Int64) -> Step {
        asked = number
        return .ask(after: number)
    }

    private mutating func next(left: Int) -> Int64 {
        guard let high else {
            // Numbers without holes between them need no second guess.
            stride = stride == 0 ? min(Self.strideMax, max(page, Int64(left))) : min(Self.strideMax, stride * 2)
            let (number, isTooLarge) = low.addingReportingOverflow(stride)
            return isTooLarge ? low : number
        }
        return high - low <= page ? low : low + (high - low) / 2
    }
}
