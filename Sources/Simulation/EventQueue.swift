/// What happens when, in virtual milliseconds: a binary heap. Events of one moment keep the order in which they were
/// added.
struct EventQueue<Event> {
    private struct Entry {
        let moment: Int64
        let order: UInt64
        let event: Event

        func comes(before other: Entry) -> Bool { (moment, order) < (other.moment, other.order) }
    }

    private var heap: [Entry] = []
    private var lastOrder: UInt64 = 0

    mutating func add(_ event: Event, at moment: Int64) {
        lastOrder += 1
        heap.append(Entry(moment: moment, order: lastOrder, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].comes(before: heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func next() -> (event: Event, moment: Int64)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        return (first.event, first.moment)
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].comes(before: heap[least]) { least = child }
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
