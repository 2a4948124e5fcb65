/// First in, first out, at a constant cost each.
struct Queue<Element> {
    private var elements: [Element?] = []
    private var start = 0

    init(_ elements: [Element] = []) { self.elements = elements }

    var count: Int { elements.count - start }
    var isEmpty: Bool { count == 0 }
    var first: Element? { isEmpty ? nil : elements[start] }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func removeFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[start]
        elements[start] = nil
        start += 1
        if start >= 64, start * 2 >= elements.count {
            elements.removeSubrange(..<start)
            start = 0
        }
        return element
    }

    mutating func removeAll() -> [Element] {
        defer { self = Queue() }
        return elements[start...].compactMap(\.self)
    }
}
