import AMQP
import CareRecord
import Replication

/// One HIE of the world: what is on its disk, and its worker while one runs.
struct Node {
    let number: Int
    let hie: HIEIdentifier
    /// The number of its region's broker.
    let home: Int
    /// In the topology, with its queues declared.
    var isConnected: Bool
    var records: MemoryRecords
    var index: MemoryIndex
    /// What a power cut leaves of the index, whose commits are not synced each.
    var syncedIndex: MemoryIndex
    /// What a power cut leaves of published-through.
    var syncedPublishedThrough: Int64 = 0
    /// What the worker keeps of the pulses, in the index's file, and what a power cut leaves of that.
    var keptFreshness: [Int: Freshness] = [:]
    var syncedFreshness: [Int: Freshness] = [:]
    /// Good messages that were parked.
    var letters = 0
    /// What is parked because it was damaged on its way.
    var parked: [LetterIdentity: Parked] = [:]
    var lastPlan: Int64 = 0
    var isDiskFull = false
    /// Its clock, less the world's, in milliseconds.
    var clockOffset: Int64 = 0
    var backup: Backup?
    /// Brokers that it cannot reach.
    var cutOff: Set<Int> = []
    /// It answers late.
    var isSlow = false
    /// Workers so far.
    var lives = 0
    var process: Process?
}

/// A copy of a disk. What is parked was damaged under the index of that time.
struct Backup {
    let records: MemoryRecords
    let index: MemoryIndex
    let freshness: [Int: Freshness]
    let parked: [LetterIdentity: Parked]
}

/// A line that could not be read, and what it says.
struct Parked {
    let source: Int
    let batch: ChangeBatch
    /// The plan in which it is being replayed.
    var plan: Int64?
    /// What that came to, while it is not settled.
    var verdict: LetterVerdict?
}

/// A running worker: all that a crash forgets.
struct Process {
    /// A question that waits to be answered.
    struct Asked {
        let question: Question
        let receivedAt: Int64
    }

    let life: Int
    let run: WorkerRun
    /// The HIEs that its topology has as connected, by number, and since when.
    var known: [Int64?]
    var subscriptions: [Int: Subscription] = [:]
    /// By broker.
    var links: [Link?]
    /// While there is a link to the own broker.
    var outbox: OutboxMachine?
    var answers = AnswerQueue<Asked>()
    /// What is still to be done about a source, in order.
    var actions: [Int: [Subscription.Action]] = [:]
    /// Questions on their way, by message id.
    var questions: [String: (source: Int, number: Int)] = [:]
    var isFeeding = false
    var isOwnDue = false
}

/// A connection to one broker.
struct Link {
    let number: Int
    /// Messages published.
    var published: UInt64 = 0
    /// Of the changes published and not confirmed, the highest number of each message.
    var unconfirmed: [UInt64: Int64] = [:]
    /// Changes that were delivered and not read yet.
    var buffer: [Delivery] = []
    /// What is still to be done about those that were read, and when that was.
    var steps: [IntakeReader.Step] = []
    var readAt: Int64 = 0
    var isReading = false
}
