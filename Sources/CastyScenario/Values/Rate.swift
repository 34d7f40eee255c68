/// How often something happens: `200/s`.
package struct Rate: Hashable, Sendable {
    /// The rates a load may have.
    package static let limits: ClosedRange<Thousandths> = Thousandths(count: 1)...1_000_000

    /// Times per second.
    package let perSecond: Thousandths

    package init(perSecond: Thousandths) { self.perSecond = perSecond }

    /// The time between two of them.
    package var interval: Duration { .nanoseconds(1_000_000_000_000 / Swift.max(1, perSecond.count)) }
}

extension Rate: CustomStringConvertible {
    package var description: String { "\(perSecond)/s" }
}

/// A share of a hundred: `5%`.
package struct Percentage: Hashable, Sendable {
    /// How many of a hundred.
    package let percent: Thousandths

    package init(percent: Thousandths) { self.percent = percent }

    /// The share as a fraction of one.
    package var fraction: Double { percent.value / 100 }
}

extension Percentage: CustomStringConvertible {
    package var description: String { "\(percent)%" }
}
