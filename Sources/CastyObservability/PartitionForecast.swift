package import CastyCore

/// The forecast of what happens if some members are cut off from the rest now.
package struct PartitionForecast: Hashable, Sendable, Codable {
    /// One side of the cut.
    package struct Side: Hashable, Sendable, Codable {
        /// The short names of its members.
        package var nodes: [String]
        /// The decision of its deciding node.
        package var verdict: Verdict
        /// The reason.
        package var reason: DowningReason

        /// Creates a side.
        package init(nodes: [String], verdict: Verdict, reason: DowningReason) {
            self.nodes = nodes
            self.verdict = verdict
            self.reason = reason
        }
    }

    /// The decision of one side.
    package enum Verdict: String, Hashable, Sendable, Codable {
        /// It survives.
        case stays
        /// It downs itself.
        case goes
        /// It requests the lease before the other sides, and survives if it gets it.
        case asksFirst = "asks-first"
        /// It requests the lease after the other sides, and survives if it gets it.
        case asksLater = "asks-later"
        /// It waits for a person, or forever.
        case waits
    }

    /// The sides; at least two.
    package var sides: [Side]

    /// Creates a forecast.
    package init(sides: [Side]) {
        self.sides = sides
    }

    /// The cut itself: `n1,n2 | n3`.
    package var cut: String { sides.map { Self.names($0) }.joined(separator: " | ") }

    private static func names(_ side: Side) -> String { side.nodes.joined(separator: ",") }
}
