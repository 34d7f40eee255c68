/// A frequency: `200/s`.
package struct Rate: Hashable, Sendable {
    /// The allowed rates of a load.
    package static let limits: ClosedRange<Thousandths> = Thousandths(count: 1)...1_000_000

    /// Times per second.
    package let perSecond: Thousandths

    package init(perSecond: Thousandths) { self.perSecond = perSecond }

    /// The time between two occurrences.
    package var interval: Duration { .nanoseconds(1_000_000_000_000 / Swift.max(1, perSecond.count)) }
}

extension Rate: CustomStringConvertible {
    package var description: String { "\(perSecond)/s" }
}

/// A percentage: `5%`.
package struct Percentage: Hashable, Sendable {
    /// The value in percent.
    package let percent: Thousandths

    package init(percent: Thousandths) { self.percent = percent }

    /// The value as a fraction of one.
    package var fraction: Double { percent.value / 100 }
}

extension Percentage: CustomStringConvertible {
    package var description: String { "\(percent)%" }
}
