/// How long to wait before the next attempt: bounded exponential growth with full jitter in its upper half.
///
/// The n-th wait lies between half of and the whole of `first × 2ⁿ`, never above `max`.
package struct BackOff: Sendable, Equatable {
    package let first: Duration
    package let max: Duration
    private var ceiling: Duration

    package init(first: Duration = .milliseconds(100), max: Duration = .seconds(10)) {
        precondition(first > .zero && first <= max, "a back-off grows from above zero to its maximum")
        self.first = first
        self.max = max
        ceiling = first
    }

    /// The wait before the next attempt; the one after it is about twice as long.
    package mutating func next(using generator: inout some RandomNumberGenerator) -> Duration {
        let wait = ceiling * Double.random(in: 0.5...1, using: &generator)
        ceiling = ceiling >= max / 2 ? max : ceiling * 2
        return wait
    }

    package mutating func next() -> Duration {
        var generator = SystemRandomNumberGenerator()
        return next(using: &generator)
    }

    /// After a success: begin with `first` again.
    package mutating func reset() { ceiling = first }
}
