import AMQP
import CareRecord
import Replication

/// A mesh in one thread: the production machines over simulated brokers, disks and clocks. Everything follows from the
/// seed; nothing here depends on the order of a hash table.
final class World {
    indirect enum Event {
        /// The next piece of work, or the next fault.
        case next
        case start(node: Int)
        case connect(node: Int, life: Int, broker: Int)
        case feed(node: Int, life: Int)
        case arrive(broker: Int, life: Int, SimulatedMessage, from: Sender)
        case confirm(Sender)
        case persist(node: Int, life: Int)
        case deliver(broker: Int, SimulatedBroker.Kind, node: Int)
        case receive(node: Int, link: Int, broker: Int, SimulatedBroker.Kind, SimulatedMessage, Delivery)
        case intake(node: Int, broker: Int, link: Int)
        case own(node: Int, life: Int)
        case pulse(node: Int, life: Int)
        case act(node: Int, life: Int, source: Int)
        case unanswered(node: Int, life: Int, id: String)
        case answerLocally(node: Int, life: Int, id: String, Question.Subject)
        case answer(node: Int, life: Int)
        case reply(node: Int, life: Int, asker: HIEIdentifier, Outgoing)
        case audit(node: Int, life: Int)
        case learn(node: Int, life: Int, of: Int)
        case replay(node: Int, LetterIdentity)
        case settle(node: Int, life: Int, LetterIdentity)
        case end(Fault, node: Int, broker: Int)
    }

    /// Who published a message, on which connection, as the how manyeth.
    struct Sender {
        let node: Int
        let broker: Int
        let link: Int
        let number: UInt64
    }

    static let pulseInterval: Int64 = 2000
    static let silentAfter: Int64 = 7000
    static let answerTimeout: Int64 = 10_000
    static let epochZero = Timestamp(milliseconds: 1_767_225_600_000)

    let options: SimulationOptions
    let names: [HIEIdentifier]
    let everybody: Set<HIEIdentifier>
    let numbers: [HIEIdentifier: Int]
    var generator: SplitMix64
    var now: Int64 = 0
    var events = EventQueue<Event>()
    var nodes: [Node] = []
    var brokers: [SimulatedBroker]
    var ledger: Ledger
    var broken: Broken?
    var stepsLeft: Int
    var faultCount = 0
    var stepCount = 0
    /// Faults of the network that are on, and until when.
    var weather: [Fault: Int64] = [:]
    var lastLink = 0
    var lastQuestion = 0
    /// When the last message on a connection, or of a consumer, arrives: the next one comes no earlier.
    var lastArrival: [String: Int64] = [:]
    var trace: Trace
    /// What damaged lines say.
    var damagedLines: [DamagedLine: Change] = [:]

    init(seed: UInt64, _ options: SimulationOptions, trace: Trace = Trace(isKept: false)) throws {
        self.options = options
        self.trace = trace
        generator = SplitMix64(seed: seed)
        let names = (0..<options.hies).map { HIEIdentifier("hie-\($0)")! }  // a well-formed name
        self.names = names
        everybody = Set(names)
        numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        let brokerCount = min(5, max(1, (options.hies + 1) / 2))
        brokers = Array(repeating: SimulatedBroker(hies: options.hies), count: brokerCount)
        ledger = Ledger(hies: options.hies)
        stepsLeft = options.steps
        for number in 0..<options.hies {
            let epoch = Epoch(beginning: Self.epochZero, using: &generator)
            let index = MemoryIndex(numbers: numbers)
            // The last one or two join later.
            let joinsLater =
                options.allows(.join) && number >= 2 && number >= options.hies - 2 && generator.chance(percent: 50)
            nodes.append(
                Node(
                    number: number, hie: names[number], home: number % brokerCount, isConnected: !joinsLater,
                    records: MemoryRecords(state: JournalState(epoch: epoch)), index: index, syncedIndex: index))
            try ledger.begin(epoch, of: number, MemoryJournal())
            if !joinsLater { events.add(.start(node: number), at: Int64(generator.below(1000))) }
        }
        events.add(.next, at: 500)
    }

    /// The clock of a node.
    func clock(_ node: Int) -> Timestamp {
        Timestamp(milliseconds: Self.epochZero.milliseconds + now + nodes[node].clockOffset)
    }

    func isRunning(_ node: Int, _ life: Int) -> Bool { nodes[node].process?.life == life }

    /// Something between the two, in milliseconds; more while everything takes long.
    func soon(_ range: ClosedRange<Int> = 0...5) -> Int64 {
        let wait = Int64(generator.within(range))
        return isOn(.delay) ? wait * 20 + Int64(generator.below(300)) : wait
    }

    func add(_ event: Event, after milliseconds: Int64) { events.add(event, at: now + milliseconds) }

    func isOn(_ fault: Fault) -> Bool { weather[fault].map { now < $0 } ?? false }

    func fail(_ broken: Broken?) {
        guard let broken, self.broken == nil else { return }
        self.broken = broken
        if let node = broken.subscriber, let source = broken.source,
            let held = nodes[node].process?.subscriptions[source]
        {
            trace.note(now, node, source, "\(names[node]) of \(names[source]): \(held.words)")
        }
        trace.note(now, broken.subscriber, broken.source, "BROKEN \(broken.promise.rawValue): \(broken.what)")
    }

    func fail(_ error: any Error, _ node: Int) {
        fail(Broken(.p6, "an unexpected error: \(error)", subscriber: node))
    }
}
