/// Which request goes over which connection of a lane, and which wait. Pure.
///
/// A connection carries one request at a time. There are so many connections at most, and so many requests wait; one
/// that finds no room is refused.
struct LanePool<Request> {
    enum Action {
        /// Over this connection.
        case send(Request, Int)
        case connect(Int)
        case refuse(Request)
        case none
    }

    private let connectionsMax: Int
    private let waitingMax: Int
    private var idle: [Int] = []
    /// Connecting, idle or busy.
    private var openCount = 0
    private var connectingCount = 0
    private var nextID = 0
    private var waiting = Queue<Request>()

    init(connectionsMax: Int, waitingMax: Int) {
        self.connectionsMax = connectionsMax
        self.waitingMax = waitingMax
    }

    var waitingCount: Int { waiting.count }
    var firstWaiting: Request? { waiting.first }

    /// Whether a request that comes now need not wait for another one's answer.
    var hasRoom: Bool { waiting.isEmpty && (!idle.isEmpty || openCount < connectionsMax) }

    mutating func submit(_ request: Request) -> Action {
        if let id = idle.popLast() { return .send(request, id) }
        guard waiting.count < waitingMax else { return .refuse(request) }
        waiting.append(request)
        return connectIfNeeded()
    }

    /// Also when its answer has come, and it may carry another request.
    mutating func isFree(_ id: Int) -> Action {
        if let request = waiting.removeFirst() { return .send(request, id) }
        idle.append(id)
        return .none
    }

    mutating func connected(_ id: Int) -> Action {
        connectingCount -= 1
        return isFree(id)
    }

    /// Those that fail with it: nothing else is there to carry them.
    mutating func connectFailed() -> [Request] {
        connectingCount -= 1
        openCount -= 1
        return openCount == 0 ? waiting.removeAll() : []
    }

    mutating func closed(_ id: Int) -> Action {
        openCount -= 1
        idle.removeAll { $0 == id }
        return connectIfNeeded()
    }

    mutating func removeFirstWaiting() -> Request? { waiting.removeFirst() }
    mutating func removeAllWaiting() -> [Request] { waiting.removeAll() }

    private mutating func connectIfNeeded() -> Action {
        guard waiting.count > connectingCount, openCount < connectionsMax else { return .none }
        openCount += 1
        connectingCount += 1
        nextID += 1
        return .connect(nextID)
    }
}
